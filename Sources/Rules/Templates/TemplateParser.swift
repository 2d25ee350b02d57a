import TimeSeries

/// Builds the statements of a template from its words, refusing with the messages of Go's `text/template/parse`.
struct TemplateParser {
  /// How deeply parentheses and blocks may nest.
  static let maximumDepth = 100

  private let name: String
  private let text: String
  private let tokens: [TemplateToken]
  private var position = 0
  private var variables = ["$"]
  private var loops = 0
  private var depth = 0
  private(set) var definitions: [String: [TemplateNode]] = [:]

  private init(name: String, text: String) {
    self.name = name
    self.text = text
    tokens = TemplateLexer.tokens(of: text)
  }

  /// The main template under `name`, and what it defines.
  ///
  /// - Complexity: O(`text`).
  static func parse(_ text: String, name: String) throws(TemplateError) -> [String: [TemplateNode]] {
    var parser = TemplateParser(name: name, text: text)
    do {
      let main = try parser.top()
      parser.definitions[name] = main
      return parser.definitions
    } catch {
      let offset = parser.tokens[min(max(parser.position - 1, 0), parser.tokens.count - 1)].offset
      let line = 1 + text.utf8.prefix(offset).count { $0 == UInt8(ascii: "\n") }
      throw TemplateError("template: \(name):\(line): \(error.message)")
    }
  }

  // MARK: Words

  private mutating func next() -> TemplateToken {
    let token = tokens[min(position, tokens.count - 1)]
    position += 1
    return token
  }

  private func peek() -> TemplateToken { tokens[min(position, tokens.count - 1)] }

  private mutating func nextAfterSpace() -> TemplateToken {
    while peek().kind == .space { position += 1 }
    return next()
  }

  private mutating func peekAfterSpace() -> TemplateToken {
    while peek().kind == .space { position += 1 }
    return peek()
  }

  private func unexpected(_ token: TemplateToken, _ context: String) -> TemplateComplaint {
    if token.kind == .failure { return TemplateComplaint(token.text) }
    return TemplateComplaint("unexpected \(token.shown) in \(context)")
  }

  private mutating func expect(_ kinds: TemplateToken.Kind..., context: String) throws(TemplateComplaint)
    -> TemplateToken
  {
    let token = nextAfterSpace()
    guard kinds.contains(token.kind) else { throw unexpected(token, context) }
    return token
  }

  private mutating func descend() throws(TemplateComplaint) {
    depth += 1
    if depth > Self.maximumDepth { throw TemplateComplaint("nested more than \(Self.maximumDepth) levels deep") }
  }

  // MARK: Statements

  /// How a list of statements ended.
  private enum Terminator { case end, otherwise, text }

  private mutating func top() throws(TemplateComplaint) -> [TemplateNode] {
    var nodes: [TemplateNode] = []
    while peek().kind != .end {
      if peek().kind == .leftDelimiter {
        let start = position
        position += 1
        let word = nextAfterSpace()
        if word.kind == .keyword, word.text == "define" {
          try define()
          continue
        }
        position = start
      }
      switch try statement(into: &nodes) {
      case .text: break
      case .end: throw TemplateComplaint("unexpected {{end}}")
      case .otherwise: throw TemplateComplaint("unexpected {{else}}")
      }
    }
    return nodes
  }

  private mutating func define() throws(TemplateComplaint) {
    let context = "define clause"
    let defined = try Self.unquote(try expect(.string, .rawString, context: context))
    _ = try expect(.rightDelimiter, context: context)
    let outer = (variables, loops)
    (variables, loops) = (["$"], 0)
    let (nodes, terminator) = try statements()
    guard terminator == .end else { throw TemplateComplaint("unexpected {{else}} in define clause") }
    (variables, loops) = outer
    definitions[defined] = nodes
  }

  private mutating func statements() throws(TemplateComplaint) -> ([TemplateNode], Terminator) {
    try descend()
    defer { depth -= 1 }
    var nodes: [TemplateNode] = []
    while peek().kind != .end {
      let terminator = try statement(into: &nodes)
      if terminator != .text { return (nodes, terminator) }
    }
    _ = next()
    throw TemplateComplaint("unexpected EOF")
  }

  /// Reads a text or an action; `{{end}}` and `{{else}}` are handed to the caller.
  private mutating func statement(into nodes: inout [TemplateNode]) throws(TemplateComplaint) -> Terminator {
    let token = next()
    switch token.kind {
    case .text:
      nodes.append(.text(token.text))
      return .text
    case .leftDelimiter:
      break
    default:
      throw unexpected(token, "input")
    }
    let word = nextAfterSpace()
    guard word.kind == .keyword, word.text != "nil" else {
      position -= 1
      let pipeline = try pipeline(context: "command", closing: .rightDelimiter)
      nodes.append(.action(pipeline))
      return .text
    }
    switch word.text {
    case "if":
      let parts = try control("if")
      nodes.append(.condition(parts.pipeline, then: parts.body, otherwise: parts.otherwise))
    case "with":
      let parts = try control("with")
      nodes.append(.scope(parts.pipeline, body: parts.body, otherwise: parts.otherwise))
    case "range":
      let parts = try control("range")
      nodes.append(.loop(parts.pipeline, body: parts.body, otherwise: parts.otherwise))
    case "break", "continue":
      let end = nextAfterSpace()
      guard end.kind == .rightDelimiter else { throw unexpected(end, "{{\(word.text)}}") }
      if loops == 0 { throw TemplateComplaint("{{\(word.text)}} outside {{range}}") }
      nodes.append(word.text == "break" ? .leave : .proceed)
    case "end":
      _ = try expect(.rightDelimiter, context: "end")
      return .end
    case "else":
      let following = peekAfterSpace()
      if following.kind == .keyword, following.text == "if" || following.text == "with" { return .otherwise }
      _ = try expect(.rightDelimiter, context: "else")
      return .otherwise
    case "template":
      nodes.append(try call())
    case "block":
      nodes.append(try block())
    default:
      position -= 1
      throw unexpected(next(), "command")
    }
    return .text
  }

  private mutating func control(_ context: String) throws(TemplateComplaint)
    -> (pipeline: TemplatePipeline, body: [TemplateNode], otherwise: [TemplateNode])
  {
    let known = variables.count
    defer { variables.removeLast(variables.count - known) }
    let pipeline = try pipeline(context: context, closing: .rightDelimiter)
    if context == "range" { loops += 1 }
    let (body, terminator) = try statements()
    if context == "range" { loops -= 1 }
    guard terminator == .otherwise else { return (pipeline, body, []) }
    let following = peek()
    if following.kind == .keyword, context == following.text, context == "if" || context == "with" {
      // `{{else if x}}` is an `{{else}}{{if x}}` that shares its `{{end}}`.
      try descend()
      defer { depth -= 1 }
      _ = next()
      let inner = try control(context)
      let node: TemplateNode =
        context == "if"
        ? .condition(inner.pipeline, then: inner.body, otherwise: inner.otherwise)
        : .scope(inner.pipeline, body: inner.body, otherwise: inner.otherwise)
      return (pipeline, body, [node])
    }
    if following.kind == .keyword { throw unexpected(next(), "else") }
    let (otherwise, last) = try statements()
    guard last == .end else { throw TemplateComplaint("expected end; found {{else}}") }
    return (pipeline, body, otherwise)
  }

  private mutating func call() throws(TemplateComplaint) -> TemplateNode {
    let context = "template clause"
    let token = try expect(.string, .rawString, context: context)
    let name = try Self.unquote(token)
    var argument: TemplatePipeline?
    if nextAfterSpace().kind != .rightDelimiter {
      position -= 1
      argument = try pipeline(context: context, closing: .rightDelimiter)
    }
    return .call(name, quoted: Labels.quoted(name), argument, at: token.offset)
  }

  private mutating func block() throws(TemplateComplaint) -> TemplateNode {
    let context = "block clause"
    let token = try expect(.string, .rawString, context: context)
    let name = try Self.unquote(token)
    let argument = try pipeline(context: context, closing: .rightDelimiter)
    let outer = (variables, loops)
    (variables, loops) = (["$"], 0)
    let (nodes, terminator) = try statements()
    guard terminator == .end else { throw TemplateComplaint("unexpected {{else}} in block clause") }
    (variables, loops) = outer
    definitions[name] = nodes
    return .call(name, quoted: Labels.quoted(name), argument, at: token.offset)
  }

  // MARK: Pipelines

  private mutating func pipeline(
    context: String, closing: TemplateToken.Kind
  ) throws(TemplateComplaint) -> TemplatePipeline {
    var result = TemplatePipeline(offset: peekAfterSpace().offset)
    try declarations(of: &result, context: context)
    while true {
      let token = nextAfterSpace()
      switch token.kind {
      case closing:
        if result.commands.isEmpty { throw TemplateComplaint("missing value for \(context)") }
        for (index, command) in result.commands.enumerated().dropFirst()
        where command.operands.first?.isConstant ?? false {
          throw TemplateComplaint("non executable command in pipeline stage \(index + 1)")
        }
        return result
      case .bool, .character, .dot, .field, .identifier, .number, .rawString, .string, .variable, .leftParenthesis:
        position -= 1
        result.commands.append(try command())
      case .keyword where token.text == "nil":
        position -= 1
        result.commands.append(try command())
      default:
        throw unexpected(token, context)
      }
    }
  }

  private mutating func declarations(
    of pipeline: inout TemplatePipeline, context: String
  ) throws(TemplateComplaint) {
    while true {
      let start = position
      let variable = peekAfterSpace()
      guard variable.kind == .variable else { return }
      position += 1
      let following = peekAfterSpace()
      switch following.kind {
      case .assign, .declare:
        pipeline.isAssignment = following.kind == .assign
        position += 1
        pipeline.variables.append(variable.text)
        variables.append(variable.text)
        return
      case .comma:
        position += 1
        pipeline.variables.append(variable.text)
        variables.append(variable.text)
        guard context == "range", pipeline.variables.count < 2 else {
          throw TemplateComplaint("too many declarations in \(context)")
        }
        guard peekAfterSpace().kind == .variable else {
          throw TemplateComplaint("range can only initialize variables")
        }
      default:
        position = start
        return
      }
    }
  }

  private mutating func command() throws(TemplateComplaint) -> TemplateCommand {
    var operands: [TemplateOperand] = []
    reading: while true {
      _ = peekAfterSpace()
      if let operand = try operand() { operands.append(operand) }
      let token = next()
      switch token.kind {
      case .space: continue
      case .rightDelimiter, .rightParenthesis:
        position -= 1
        break reading
      case .pipe: break reading
      default: throw unexpected(token, "operand")
      }
    }
    if operands.isEmpty { throw TemplateComplaint("empty command") }
    return TemplateCommand(operands: operands)
  }

  private mutating func operand() throws(TemplateComplaint) -> TemplateOperand? {
    guard let term = try term() else { return nil }
    guard peek().kind == .field else { return term }
    var names: [String] = []
    let chain = peek().offset
    while peek().kind == .field { names.append(String(next().text.dropFirst())) }
    switch term {
    case .field(let first, _): return .field(first + names, at: chain)
    case .variable(let name, let first, _): return .variable(name, fields: first + names, at: chain)
    case .bool, .string, .int, .float, .null, .dot:
      throw TemplateComplaint("unexpected . after term \(Labels.quoted(term.text))")
    default: return .chain(term, fields: names, at: chain)
    }
  }

  private mutating func term() throws(TemplateComplaint) -> TemplateOperand? {
    let token = nextAfterSpace()
    let at = token.offset
    switch token.kind {
    case .identifier:
      guard TemplateFunctions.exists(token.text) else {
        throw TemplateComplaint("function \(Labels.quoted(token.text)) not defined")
      }
      return .function(token.text, at: at)
    case .dot: return .dot(at: at)
    case .keyword where token.text == "nil": return .null(at: at)
    case .variable:
      guard variables.contains(token.text) else {
        throw TemplateComplaint("undefined variable \(Labels.quoted(token.text))")
      }
      return .variable(token.text, fields: [], at: at)
    case .field: return .field([String(token.text.dropFirst())], at: at)
    case .bool: return .bool(token.text == "true", at: at)
    case .number:
      switch TemplateNumber(token.text) {
      case .int(let value): return .int(value, text: token.text, at: at)
      case .float(let value): return .float(value, text: token.text, at: at)
      case nil: throw TemplateComplaint("integer overflow: \(Labels.quoted(token.text))")
      }
    case .character:
      guard let text = GoFormat.unquoted(token.text), text.unicodeScalars.count == 1,
        let scalar = text.unicodeScalars.first
      else { throw TemplateComplaint("malformed character constant: \(token.text)") }
      return .int(Int(scalar.value), text: token.text, at: at)
    case .string, .rawString:
      return .string(try Self.unquote(token), quoted: token.text, at: at)
    case .leftParenthesis:
      try descend()
      defer { depth -= 1 }
      return .pipeline(try pipeline(context: "parenthesized pipeline", closing: .rightParenthesis), at: at)
    default:
      position -= 1
      return nil
    }
  }

  private static func unquote(_ token: TemplateToken) throws(TemplateComplaint) -> String {
    guard let text = GoFormat.unquoted(token.text) else { throw TemplateComplaint("invalid syntax") }
    return text
  }
}
