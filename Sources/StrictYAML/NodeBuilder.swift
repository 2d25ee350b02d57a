import Yams

/// Turns the nodes of Yams into ours: places, unique string keys, merged mappings, bounds.
struct NodeBuilder {
  let file: String
  private var built = 0

  init(file: String) { self.file = file }

  mutating func build(_ node: Node, depth: Int, near parent: YAMLPlace) throws(YAMLError) -> YAMLNode {
    let place = node.mark.map { YAMLPlace(file: file, line: $0.line, column: $0.column) } ?? parent
    built += 1
    if built > YAMLDocument.maximumNodes {
      throw YAMLError(
        place, "the document has more than \(YAMLDocument.maximumNodes) values, each use of an alias counted")
    }
    if depth > YAMLDocument.maximumDepth {
      throw YAMLError(place, "lists and mappings are nested deeper than \(YAMLDocument.maximumDepth) levels")
    }
    try checkTag(node, place)
    switch node {
    case .scalar(let scalar):
      let isPlain = scalar.style == .plain || scalar.style == .any
      let isText = scalar.tag.isString || scalar.tag.isLocal
      return YAMLNode(.scalar(YAMLScalar(scalar.string, isPlain: isPlain && !isText)), at: place)
    case .sequence(let sequence):
      var items: [YAMLNode] = []
      items.reserveCapacity(sequence.count)
      for item in sequence { items.append(try build(item, depth: depth + 1, near: place)) }
      return YAMLNode(.sequence(items), at: place)
    case .mapping(let mapping):
      return YAMLNode(.mapping(try entries(of: mapping, depth: depth, place)), at: place)
    case .alias:
      throw YAMLError(place, "an alias could not be resolved")
    }
  }

  private mutating func entries(
    of mapping: Node.Mapping, depth: Int, _ place: YAMLPlace
  ) throws(YAMLError) -> [YAMLEntry] {
    var entries: [YAMLEntry] = []
    var merged: [YAMLEntry] = []
    var seen: Set<String> = []
    for (key, value) in mapping {
      let keyNode = try build(key, depth: depth + 1, near: place)
      guard case .scalar(let scalar) = keyNode.content else {
        throw YAMLError(keyNode.place, "a key must be a plain word or a string")
      }
      if scalar.isPlain && scalar.text == "<<" {
        merged += try mergedEntries(value, depth: depth, keyNode.place)
        continue
      }
      if scalar.isNull { continue }
      guard seen.insert(scalar.text).inserted else {
        throw YAMLError(keyNode.place, "the key \"\(scalar.text)\" appears more than once")
      }
      let built = try build(value, depth: depth + 1, near: keyNode.place)
      entries.append(YAMLEntry(key: scalar.text, keyPlace: keyNode.place, value: built))
    }
    // The mapping's own keys win over merged ones, and earlier merged mappings over later ones.
    for entry in merged where seen.insert(entry.key).inserted { entries.append(entry) }
    return entries
  }

  private mutating func mergedEntries(
    _ value: Node, depth: Int, _ place: YAMLPlace
  ) throws(YAMLError) -> [YAMLEntry] {
    let node = try build(value, depth: depth + 1, near: place)
    switch node.content {
    case .mapping(let entries): return entries
    case .sequence(let items):
      var all: [YAMLEntry] = []
      for item in items {
        guard case .mapping(let entries) = item.content else {
          throw YAMLError(item.place, "a merge key (<<) takes mappings only")
        }
        all += entries
      }
      return all
    case .scalar: throw YAMLError(node.place, "a merge key (<<) takes a mapping or a list of mappings")
    }
  }

  private func checkTag(_ node: Node, _ place: YAMLPlace) throws(YAMLError) {
    let tag: Tag
    switch node {
    case .scalar(let scalar): tag = scalar.tag
    case .sequence(let sequence): tag = sequence.tag
    case .mapping(let mapping): tag = mapping.tag
    case .alias: return
    }
    if !tag.isImplicit && !tag.isCore && !tag.isLocal {
      throw YAMLError(place, "the tag \(tag.description.prefix(60)) is not supported")
    }
  }
}

extension Tag {
  fileprivate var isImplicit: Bool { description.isEmpty || description == "!" }
  /// One that an application gives a meaning; here none does.
  fileprivate var isLocal: Bool { description.hasPrefix("!") && description != "!" }
  fileprivate var isString: Bool { description == "tag:yaml.org,2002:str" }
  fileprivate var isCore: Bool {
    switch description {
    case "tag:yaml.org,2002:str", "tag:yaml.org,2002:int", "tag:yaml.org,2002:float", "tag:yaml.org,2002:bool",
      "tag:yaml.org,2002:null", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:merge":
      true
    default: false
    }
  }
}
