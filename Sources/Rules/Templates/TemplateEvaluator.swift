import TimeSeries

/// Runs the statements of a template, with bounds on work, depth and output.
struct TemplateEvaluator {
  private enum Flow { case normal, leave, proceed }

  private let source: TemplateSource
  private let environment: TemplateEnvironment
  private var variables: [(name: String, value: TemplateValue)] = []
  private var current: String
  private var output = ""
  private var steps = 0
  private var depth = 0

  private init(_ source: TemplateSource, _ environment: TemplateEnvironment) {
    self.source = source
    self.environment = environment
    current = source.name
  }

  /// The text that the main template gives for `root`.
  static func run(
    _ source: TemplateSource, root: TemplateValue, environment: TemplateEnvironment
  ) throws(TemplateError) -> String {
    var evaluator = TemplateEvaluator(source, environment)
    evaluator.variables = [("$", root)]
    _ = try evaluator.walk(source.definitions[source.name] ?? [], dot: root)
    return evaluator.output
  }

  // MARK: Statements

  private mutating func walk(_ nodes: [TemplateNode], dot: TemplateValue) throws(TemplateError) -> Flow {
    for node in nodes {
      let flow = try walk(node, dot: dot)
      if flow != .normal { return flow }
    }
    return .normal
  }

  private mutating func walk(_ node: TemplateNode, dot: TemplateValue) throws(TemplateError) -> Flow {
    switch node {
    case .text(let text): try write(text, at: 0)
    case .action(let pipeline):
      let value = try evaluate(pipeline, dot: dot)
      if pipeline.variables.isEmpty { try write(value.text, at: pipeline.offset) }
    case .condition(let pipeline, let then, let otherwise):
      let mark = variables.count
      defer { variables.removeLast(variables.count - mark) }
      let value = try evaluate(pipeline, dot: dot)
      return try walk(value.isTrue ? then : otherwise, dot: dot)
    case .scope(let pipeline, let body, let otherwise):
      let mark = variables.count
      defer { variables.removeLast(variables.count - mark) }
      let value = try evaluate(pipeline, dot: dot)
      return value.isTrue ? try walk(body, dot: value) : try walk(otherwise, dot: dot)
    case .loop(let pipeline, let body, let otherwise):
      return try loop(pipeline, body, otherwise, dot: dot)
    case .call(let name, let quoted, let pipeline, let offset):
      try call(name, quoted: quoted, pipeline, offset: offset, dot: dot)
    case .leave: return .leave
    case .proceed: return .proceed
    }
    return .normal
  }

  private mutating func loop(
    _ pipeline: TemplatePipeline, _ body: [TemplateNode], _ otherwise: [TemplateNode], dot: TemplateValue
  ) throws(TemplateError) -> Flow {
    let mark = variables.count
    defer { variables.removeLast(variables.count - mark) }
    let value = try evaluate(pipeline, dot: dot, declares: false)
    var isEmpty = true
    func item(_ index: Int) -> (key: TemplateValue, element: TemplateValue)? {
      switch value {
      case .int(let count): index < count ? (.int(index), .int(index)) : nil
      case .list(let list): index < list.count ? (.int(index), list[index]) : nil
      case .vector(let samples): index < samples.count ? (.int(index), .sample(samples[index])) : nil
      default: nil
      }
    }
    var pairs: [(key: TemplateValue, element: TemplateValue)]?
    switch value {
    case .stringMap(let map):
      pairs = map.sorted { $0.key < $1.key }.map { (.string($0.key), .string($0.value)) }
    case .map(let map): pairs = map.sorted { $0.key < $1.key }.map { (.string($0.key), $0.value) }
    case .int, .list, .vector, .none: break
    default:
      throw failure("range can't iterate over \(GoFormat.text(value))", at: pipeline.offset, pipeline.text)
    }
    var index = 0
    while let pair = pairs.map({ index < $0.count ? $0[index] : nil }) ?? item(index) {
      isEmpty = false
      index += 1
      try step(at: pipeline.offset, pipeline.text)
      let inner = variables.count
      // With one variable it takes the element, with two the key and the element.
      let isInteger = if case .int = value { true } else { false }
      let given: [TemplateValue] =
        pipeline.variables.count > 1 ? [pair.key, pair.element] : [isInteger ? pair.key : pair.element]
      for (name, item) in zip(pipeline.variables, given) {
        if pipeline.isAssignment { try assign(name, item, pipeline) } else { variables.append((name, item)) }
      }
      let flow = try walk(body, dot: pair.element)
      variables.removeLast(variables.count - inner)
      if flow == .leave { break }
    }
    return isEmpty ? try walk(otherwise, dot: dot) : .normal
  }

  private mutating func call(
    _ name: String, quoted: String, _ pipeline: TemplatePipeline?, offset: Int, dot: TemplateValue
  ) throws(TemplateError) {
    let shown = "{{template \(quoted)" + (pipeline.map { " " + $0.text } ?? "") + "}}"
    guard let nodes = source.definitions[name] else {
      throw failure("template \(quoted) not defined", at: offset, shown)
    }
    guard depth < TemplateEnvironment.maximumDepth else {
      throw failure("exceeded maximum template depth (\(TemplateEnvironment.maximumDepth))", at: offset, shown)
    }
    try step(at: offset, shown)
    let argument = if let pipeline { try evaluate(pipeline, dot: dot) } else { TemplateValue.none }
    let outer = (variables, current)
    variables = [("$", argument)]
    current = name
    depth += 1
    _ = try walk(nodes, dot: argument)
    depth -= 1
    (variables, current) = outer
  }

  // MARK: Values

  private mutating func evaluate(
    _ pipeline: TemplatePipeline, dot: TemplateValue, declares: Bool = true
  ) throws(TemplateError) -> TemplateValue {
    var value: TemplateValue?
    for command in pipeline.commands { value = try evaluate(command, dot: dot, fed: value) }
    let result = value ?? .none
    if declares {
      for name in pipeline.variables {
        if pipeline.isAssignment { try assign(name, result, pipeline) } else { variables.append((name, result)) }
      }
    }
    return result
  }

  private mutating func assign(
    _ name: String, _ value: TemplateValue, _ pipeline: TemplatePipeline
  ) throws(TemplateError) {
    guard let index = variables.lastIndex(where: { $0.name == name }) else {
      throw failure("undefined variable: \(name)", at: pipeline.offset, pipeline.text)
    }
    variables[index].value = value
  }

  private mutating func evaluate(
    _ command: TemplateCommand, dot: TemplateValue, fed: TemplateValue?
  ) throws(TemplateError) -> TemplateValue {
    guard let first = command.operands.first else { return .none }
    let arguments = command.operands.dropFirst()
    if case .function(let name, let offset) = first {
      return try apply(name, at: offset, command, dot: dot, fed: fed)
    }
    if let value = try method(first, arguments, dot: dot, fed: fed) { return value }
    guard arguments.isEmpty, fed == nil else {
      throw failure("can't give argument to non-function \(first.text)", at: first.offset, first.text)
    }
    if case .null = first { throw failure("nil is not a command", at: first.offset, first.text) }
    return try evaluate(first, dot: dot)
  }

  private mutating func evaluate(_ operand: TemplateOperand, dot: TemplateValue) throws(TemplateError) -> TemplateValue
  {
    try step(at: operand.offset, operand.text)
    switch operand {
    case .dot: return dot
    case .null: return .none
    case .bool(let value, _): return .bool(value)
    case .int(let value, _, _): return .int(value)
    case .float(let value, _, _): return .float(value)
    case .string(let value, _, _): return .string(value)
    case .field(let names, _): return try descend(dot, names, operand)
    case .variable(let name, let names, let offset):
      guard let found = variables.last(where: { $0.name == name }) else {
        throw failure("undefined variable: \(name)", at: offset, operand.text)
      }
      return try descend(found.value, names, operand)
    case .function(let name, let offset):
      return try apply(name, at: offset, TemplateCommand(operands: [operand]), dot: dot, fed: nil)
    case .pipeline(let pipeline, _): return try evaluate(pipeline, dot: dot)
    case .chain(let inner, let names, _): return try descend(try evaluate(inner, dot: dot), names, operand)
    }
  }

  private func descend(
    _ value: TemplateValue, _ names: [String], _ operand: TemplateOperand
  ) throws(TemplateError) -> TemplateValue {
    var value = value
    for name in names {
      guard let field = value.field(name) else {
        throw failure("can't evaluate field \(name) in type \(value.typeName)", at: operand.offset, operand.text)
      }
      value = field
    }
    return value
  }

  /// The one method that takes an argument, `Format` of a time; nil if `operand` is something else.
  private mutating func method(
    _ operand: TemplateOperand, _ arguments: ArraySlice<TemplateOperand>, dot: TemplateValue, fed: TemplateValue?
  ) throws(TemplateError) -> TemplateValue? {
    let receiver: TemplateOperand
    switch operand {
    case .field(let names, let at) where names.last == "Format":
      receiver = names.count == 1 ? .dot(at: at) : .field(names.dropLast(), at: at)
    case .variable(let name, let names, let at) where names.last == "Format":
      receiver = .variable(name, fields: names.dropLast(), at: at)
    case .chain(let inner, let names, let at) where names.last == "Format":
      receiver = names.count == 1 ? inner : .chain(inner, fields: names.dropLast(), at: at)
    default: return nil
    }
    guard case .time(let time) = try evaluate(receiver, dot: dot) else { return nil }
    var given: [TemplateValue] = []
    for argument in arguments { given.append(try evaluate(argument, dot: dot)) }
    if let fed { given.append(fed) }
    guard given.count == 1, case .string(let layout) = given[0] else {
      throw failure("wrong number of args for Format: want 1 got \(given.count)", at: operand.offset, operand.text)
    }
    return .string(time.format(layout))
  }

  // MARK: Functions

  private mutating func apply(
    _ name: String, at offset: Int, _ command: TemplateCommand, dot: TemplateValue, fed: TemplateValue?
  ) throws(TemplateError) -> TemplateValue {
    guard let function = TemplateFunctions.table[name] else {
      throw failure("\(Labels.quoted(name)) is not a defined function", at: offset, name)
    }
    let operands = command.operands.dropFirst()
    let count = operands.count + (fed == nil ? 0 : 1)
    if count < function.least || count > function.most {
      let wanted = function.least == function.most ? "want \(function.least)" : "want at least \(function.least)"
      throw failure("wrong number of args for \(name): \(wanted) got \(count)", at: offset, name)
    }
    try step(at: offset, name, cost: function.cost)
    var values: [TemplateValue] = []
    for (index, operand) in operands.enumerated() {
      let value = try evaluate(operand, dot: dot)
      if let expected = function.mismatch(value, at: index) {
        let message =
          operand.isConstant && !value.isRootLike
          ? "expected \(expected); found \(operand.text)"
          : "wrong type for value; expected \(expected); got \(value.typeName)"
        throw failure(message, at: operand.offset, operand.text)
      }
      // `and` and `or` leave what no longer matters unevaluated.
      if name == "and", !value.isTrue { return value }
      if name == "or", value.isTrue { return value }
      values.append(value)
    }
    if let fed {
      if let expected = function.mismatch(fed, at: values.count) {
        throw failure("wrong type for value; expected \(expected); got \(fed.typeName)", at: offset, command.text)
      }
      values.append(fed)
    }
    do {
      return try function.body(environment, values)
    } catch {
      throw failure("error calling \(name): \(error.message)", at: offset, command.text)
    }
  }

  // MARK: Bounds and complaints

  private mutating func write(_ text: String, at offset: Int) throws(TemplateError) {
    steps += 1 + text.utf8.count / 256
    output += text
    if output.utf8.count > TemplateEnvironment.maximumOutput {
      throw failure("output exceeds \(TemplateEnvironment.maximumOutput) bytes", at: offset, "output")
    }
  }

  private mutating func step(at offset: Int, _ context: String, cost: Int = 1) throws(TemplateError) {
    steps += cost
    if steps > TemplateEnvironment.maximumSteps {
      throw failure("takes more than \(TemplateEnvironment.maximumSteps) steps", at: offset, context)
    }
  }

  private func failure(_ message: String, at offset: Int, _ context: String) -> TemplateError {
    let before = source.text.utf8.prefix(offset)
    let line = 1 + before.count { $0 == UInt8(ascii: "\n") }
    let column = before.lastIndex(of: UInt8(ascii: "\n")).map { before.distance(from: $0, to: before.endIndex) - 1 }
    return TemplateError(
      "template: \(source.name):\(line):\(column ?? offset): executing \(Labels.quoted(current)) at <\(context)>: "
        + message)
  }
}

extension TemplateValue {
  /// Whether this is the data of the whole template, which no constant is.
  fileprivate var isRootLike: Bool { if case .root = self { true } else { false } }

  /// The field or entry `name`; nil if there can be none. An absent entry of a map is empty.
  fileprivate func field(_ name: String) -> TemplateValue? {
    switch self {
    case .root(let data):
      switch name {
      case "Labels": .stringMap(data.labels)
      case "ExternalLabels": .stringMap(data.externalLabels)
      case "ExternalURL": .string(data.externalURL)
      case "Value": .float(data.value)
      default: nil
      }
    case .sample(let sample):
      switch name {
      case "Labels": .stringMap(sample.labels)
      case "Value": .float(sample.value)
      default: nil
      }
    case .stringMap(let map): .string(map[name] ?? "")
    case .map(let map): map[name] ?? TemplateValue.none
    case .time(let time): time.method(name)
    case .none: TemplateValue.none
    default: nil
    }
  }
}
