import Dispatch

/// Runs queries on threads of their own, so that one that computes for seconds does not hold up scraping, rules and
/// health checks, which share the default pool.
final class QueryExecutor: TaskExecutor {
  private let queue = DispatchQueue(label: "harecast.query", attributes: .concurrent)

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let executor = asUnownedTaskExecutor()
    queue.async { job.runSynchronously(on: executor) }
  }
}
