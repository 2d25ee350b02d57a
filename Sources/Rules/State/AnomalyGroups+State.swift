import AnomalyDetection
import TimeSeries

extension AnomalyGroups {
  /// Appends all things whose history is learnt, with what is known of them.
  func save(to writer: inout StateWriter) {
    let kept = groups.filter { $0.value.waiting.isEmpty }
    writer.write(kept.count)
    for (key, group) in kept {
      writer.write(key.elements)
      writer.write(group.members.count)
      for member in group.members { writer.write(member.elements) }
      writer.write(group.end)
      writer.write(group.scorer.saved())
    }
  }

  /// Takes back what `save` wrote.
  ///
  /// - Parameters:
  ///   - step: milliseconds between two rows.
  ///   - time: now, in UTC milliseconds: nothing is forgotten for the time nobody looked.
  /// - Throws: ``StateFault``, or why a scorer cannot be read; nothing is taken then.
  mutating func restore(from reader: inout StateReader, step: Int64, at time: Int64) throws {
    var groups: [Labels: Group] = [:]
    for _ in 0..<(try reader.count(of: 32)) {
      let key = Labels(try reader.labels())
      var members: [Labels] = []
      for _ in 0..<(try reader.count(of: 8)) { members.append(Labels(try reader.labels())) }
      let end = try reader.int64()
      let scorer = try GroupScorer(
        signals: members.map(\.description), options: block.options(step: step), restoring: try reader.block())
      groups[key] = Group(scorer: scorer, members: members, end: end, lastSeen: time)
    }
    self.groups = groups
  }
}
