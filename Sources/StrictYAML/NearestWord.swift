/// Finds what a misspelt word may have meant.
public enum NearestWord {
  /// The word of `candidates` with the smallest edit distance to `word`, if at most a third of the
  /// longer one's letters differ; of equally near ones the first in alphabetical order.
  ///
  /// - Complexity: O(|`word`| × total length of the candidates); a word over 80 bytes has no neighbour.
  public static func of(_ word: String, in candidates: some Sequence<String>) -> String? {
    let letters = Array(word.utf8)
    guard letters.count <= 80 else { return nil }
    var best: (distance: Int, word: String)?
    for candidate in candidates.sorted() {
      let distance = distance(letters, Array(candidate.utf8))
      if distance * 3 <= max(letters.count, candidate.utf8.count), distance < best?.distance ?? .max {
        best = (distance, candidate)
      }
    }
    return best?.word
  }

  /// The edit distance of Levenshtein (1966): insertions, deletions and substitutions cost 1 each.
  static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var row = Array(0...b.count)
    for (i, x) in a.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, y) in b.enumerated() {
        let substitution = diagonal + (x == y ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(substitution, row[j] + 1, row[j + 1] + 1)
      }
    }
    return row[b.count]
  }
}
