import Collection
import HTTPAPI

extension TargetReport {
  /// What the API shows of a scraped target.
  init(_ status: TargetStatus) {
    self.init(
      labels: status.labels, job: status.job, url: status.url,
      isHealthy: status.health == .unknown ? nil : status.health == .up, lastError: status.lastError,
      lastScrape: status.lastScrape, lastScrapeSeconds: status.lastDuration)
  }
}
