import TimeSeries

extension NameEscaping {
  /// The metric name as it is written, not yet in quotes; nil if it cannot be written.
  func metricName(_ name: String) -> String? {
    if Labels.isClassicMetricName(name) { return name }
    return escaped(name, colonAllowed: true)
  }

  /// The label name as it is written, not yet in quotes; nil if it cannot be written.
  func labelName(_ name: String) -> String? {
    if Labels.isClassicLabelName(name) { return name }
    return escaped(name, colonAllowed: false)
  }

  private func escaped(_ name: String, colonAllowed: Bool) -> String? {
    if name.isEmpty { return nil }
    switch self {
    case .allowUTF8: return name
    case .underscores:
      var result = ""
      for scalar in name.unicodeScalars {
        let byte = UInt8(exactly: scalar.value) ?? 0
        let isAllowed =
          ByteClass.isLabelName(byte, first: result.isEmpty) || (colonAllowed && byte == UInt8(ascii: ":"))
        result.unicodeScalars.append(isAllowed ? scalar : "_")
      }
      return result
    }
  }
}
