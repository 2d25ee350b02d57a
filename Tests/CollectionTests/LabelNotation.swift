import TimeSeries

extension Labels {
  /// Labels from `name=value` words with single spaces between them.
  init(words: String) {
    self.init(
      words.split(separator: " ").map { word in
        let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        return Label(String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
      })
  }
}
