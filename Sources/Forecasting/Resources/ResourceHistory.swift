/// A resource and the load that it carries, on one even grid, oldest first.
public struct ResourceHistory: Sendable, Equatable {
  /// What is to be predicted; NaN where nothing was measured.
  public var resource: ForecastSeries
  /// What it may depend on, by name; each as long as the resource, NaN where nothing was measured.
  public var loads: [(name: String, values: [Double])]

  /// - Parameter loads: shorter ones are filled up with gaps in front, longer ones lose their front.
  public init(resource: ForecastSeries, loads: [(name: String, values: [Double])]) {
    self.resource = resource
    let count = resource.values.count
    self.loads = loads.map { load in
      let gap = max(0, count - load.values.count)
      return (load.name, [Double](repeating: .nan, count: gap) + load.values.suffix(count))
    }
  }

  public static func == (left: ResourceHistory, right: ResourceHistory) -> Bool {
    left.resource == right.resource
      && left.loads.elementsEqual(right.loads) { $0.name == $1.name && $0.values == $1.values }
  }

  /// More rows are not kept: four weeks of five-minute steps.
  static let capacity = 8064

  /// Adds one step; loads without a value are missing.
  mutating func append(_ value: Double, loads values: [String: Double]) {
    resource.values.append(value)
    for index in loads.indices { loads[index].values.append(values[loads[index].name] ?? .nan) }
    // Trimming in blocks keeps the cost of an append constant.
    if resource.values.count > Self.capacity * 9 / 8 { keep(Self.capacity) }
  }

  /// Drops all but the newest rows.
  mutating func keep(_ count: Int) {
    let excess = resource.values.count - count
    guard excess > 0 else { return }
    resource.values.removeFirst(excess)
    resource.start = resource.start &+ Int64(excess) &* resource.step
    for index in loads.indices { loads[index].values.removeFirst(excess) }
  }
}
