/// What is said of signals of which no sample was judged, because all went into learning what is usual.
enum WarmUp {
  /// Why none of `samples` values was judged; nil if some were.
  ///
  /// - Parameters:
  ///   - finite: how many of the values were numbers.
  ///   - judged: how many were scored by who knew enough to hold the budget of false alarms.
  static func remark(samples: Int, finite: Int, judged: Int) -> String? {
    if judged > 0 { return nil }
    if samples == 0 { return "there is no sample" }
    if finite == 0 { return "none of its samples is a number" }
    return "none of its \(finite) samples was judged: all were needed to learn what is usual (auto needs about 130); "
      + "begin earlier or take a shorter step"
  }
}
