import Testing
import TimeSeries

@testable import SeriesStore

@Suite("Labels in the file")
struct LabelSymbolsTests {
  private let queues = (0..<10).map { Labels(name: "depth", ["job": "rabbitmq", "queue": "orders.worker-\($0) ü"]) }

  private func read(_ symbols: LabelSymbols, _ bytes: [UInt8]) -> Labels? {
    bytes.withUnsafeBytes { symbols.labels($0) }
  }

  @Test("come back as they were, whether their strings are symbols or not")
  func comeBack() {
    var symbols = LabelSymbols()
    let before = symbols.bytes(of: queues[0])
    #expect(read(symbols, before) == queues[0])
    symbols.learn(from: queues)
    #expect(read(symbols, before) == queues[0])
    for labels in queues + [Labels(), Labels(["only": "value"])] {
      #expect(read(symbols, symbols.bytes(of: labels)) == labels)
    }
  }

  @Test("what several series have is written once: the metric's name, label names, common values")
  func areShort() {
    var symbols = LabelSymbols()
    symbols.learn(from: queues)
    #expect(Set(symbols.unsaved.map(\.text)) == ["__name__", "depth", "job", "rabbitmq", "queue"])
    // The number of labels, five symbols of a byte, and the queue's name after its length.
    #expect(symbols.bytes(of: queues[0]).count == 1 + 5 + 1 + "orders.worker-0 ü".utf8.count)
  }

  @Test("a number keeps its meaning though the file could not be written, and is written again")
  func numbersAreStable() {
    var symbols = LabelSymbols()
    symbols.learn(from: queues)
    let first = symbols.unsaved
    symbols.learn(from: queues + [Labels(name: "other")])
    #expect(symbols.unsaved.map(\.number).prefix(first.count) == first.map(\.number)[...])
    #expect(symbols.unsaved.map(\.text) == first.map(\.text) + ["other"])
    symbols.noteSaved()
    #expect(symbols.unsaved.isEmpty)
    var again = LabelSymbols()
    for (number, text) in first { again.restore(number, text) }
    #expect(read(again, symbols.bytes(of: queues[3])) == queues[3])
  }

  @Test("what no series has any more is forgotten, but not what the file has still to learn")
  func areForgotten() {
    var symbols = LabelSymbols()
    symbols.learn(from: [Labels(name: "old"), Labels(name: "kept")])
    symbols.noteSaved()
    symbols.learn(from: [Labels(name: "new")])
    let used = symbols.bytes(of: Labels(name: "kept")).withUnsafeBytes { LabelSymbols.numbers(in: $0) }
    #expect(symbols.forget(except: Set(used)) == [1])
    #expect(symbols.number(of: "old") == nil)
    #expect(symbols.number(of: "kept") == 2 && symbols.number(of: "new") == 3)
  }

  @Test("damaged bytes are no labels")
  func survivesDamage() {
    var symbols = LabelSymbols()
    symbols.learn(from: queues)
    let good = symbols.bytes(of: queues[0])
    #expect(read(symbols, []) == nil)
    #expect(read(symbols, [1, 0x7f, 2, 65]) == nil)
    for index in good.indices {
      var bytes = good
      bytes[index] ^= 0xff
      _ = read(symbols, bytes)
      #expect(read(symbols, Array(good[..<index])) == nil)
    }
  }
}
