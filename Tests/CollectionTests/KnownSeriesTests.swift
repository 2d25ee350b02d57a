import RemoteWrite
import SeriesStore
import Testing
import TimeSeries

@testable import Collection

@Suite("Series that senders have written before")
struct KnownSeriesTests {
  private let ids: [SeriesID]

  init() {
    let store = SeriesStore()
    ids = (0..<300).compactMap { store.resolve(Labels(name: "m", ["n": "\($0)"])) }
  }

  /// Keys of which many begin in the same slot.
  private func key(_ number: Int) -> DecodedWriteRequest.Key {
    DecodedWriteRequest.Key(high: UInt64(number), low: UInt64(number % 3))
  }

  @Test("are found in the order in which they came, in another, and not before")
  func finds() {
    var known = KnownSeries()
    for number in 0..<300 {
      #expect(known.find(key(number)) == nil)
      known.insert(key(number), ids[number])
    }
    #expect((0..<300).allSatisfy { known.find(key($0)) == ids[$0] })
    #expect((0..<300).reversed().allSatisfy { known.find(key($0)) == ids[$0] })
    #expect(known.find(key(300)) == nil)
    #expect(known.count == 300)
  }

  @Test("a key that stands for another series later gives the later one")
  func replaces() {
    var known = KnownSeries()
    known.insert(key(1), ids[0])
    known.insert(key(1), ids[1])
    #expect(known.find(key(1)) == ids[1])
    #expect(known.count == 1)
  }

  @Test("nothing is known after all was forgotten")
  func forgets() {
    var known = KnownSeries()
    known.insert(key(1), ids[0])
    known.removeAll()
    #expect(known.find(key(1)) == nil)
  }
}
