/// The special not-a-number that says "this series ended here" (Prometheus, `model/value`).
///
/// Compare bits, never values: an ordinary NaN is a sample.
public enum StaleMarker {
  /// The bit pattern of the marker.
  public static let bitPattern: UInt64 = 0x7ff0_0000_0000_0002

  /// The marker as a value.
  @inlinable
  public static var value: Double { Double(bitPattern: 0x7ff0_0000_0000_0002) }

  /// The ordinary NaN, as Prometheus writes it.
  @inlinable
  public static var normalNaN: Double { Double(bitPattern: 0x7ff8_0000_0000_0001) }
}

extension Double {
  /// Whether this value is the staleness marker.
  @inlinable
  public var isStaleMarker: Bool { bitPattern == 0x7ff0_0000_0000_0002 }
}
