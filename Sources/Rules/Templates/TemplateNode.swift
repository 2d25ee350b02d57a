/// A place in a template's text, in UTF-8 bytes.
typealias TemplateOffset = Int

/// Something that has a value: a word of a command.
indirect enum TemplateOperand: Sendable {
  case dot(at: TemplateOffset)
  case null(at: TemplateOffset)
  case bool(Bool, at: TemplateOffset)
  case int(Int, text: String, at: TemplateOffset)
  case float(Double, text: String, at: TemplateOffset)
  case string(String, quoted: String, at: TemplateOffset)
  case field([String], at: TemplateOffset)
  case variable(String, fields: [String], at: TemplateOffset)
  case function(String, at: TemplateOffset)
  case pipeline(TemplatePipeline, at: TemplateOffset)
  case chain(TemplateOperand, fields: [String], at: TemplateOffset)

  var offset: TemplateOffset {
    switch self {
    case .dot(let at), .null(let at), .bool(_, let at), .int(_, _, let at), .float(_, _, let at),
      .string(_, _, let at), .field(_, let at), .variable(_, _, let at), .function(_, let at),
      .pipeline(_, let at), .chain(_, _, let at):
      at
    }
  }

  /// Whether the operand is a constant or the dot, which cannot take the result of an earlier command.
  var isConstant: Bool {
    switch self {
    case .dot, .null, .bool, .int, .float, .string: true
    default: false
    }
  }

  /// The operand in the notation of templates.
  var text: String {
    switch self {
    case .dot: "."
    case .null: "nil"
    case .bool(let value, _): value ? "true" : "false"
    case .int(_, let text, _), .float(_, let text, _): text
    case .string(_, let quoted, _): quoted
    case .field(let names, _): names.map { "." + $0 }.joined()
    case .variable(let name, let fields, _): name + fields.map { "." + $0 }.joined()
    case .function(let name, _): name
    case .pipeline(let pipeline, _): "(" + pipeline.text + ")"
    case .chain(let operand, let fields, _): operand.text + fields.map { "." + $0 }.joined()
    }
  }
}

/// A command: an operand, a method or a function with its arguments.
struct TemplateCommand: Sendable {
  var operands: [TemplateOperand]

  var text: String { operands.map(\.text).joined(separator: " ") }
}

/// Commands that feed one another, and the variables that take the result.
struct TemplatePipeline: Sendable {
  var offset: TemplateOffset
  var variables: [String] = []
  /// Whether `=` was written, not `:=`.
  var isAssignment = false
  var commands: [TemplateCommand] = []

  var text: String {
    let head = variables.isEmpty ? "" : variables.joined(separator: ", ") + (isAssignment ? " = " : " := ")
    return head + commands.map(\.text).joined(separator: " | ")
  }
}

/// A statement of a template.
indirect enum TemplateNode: Sendable {
  case text(String)
  case action(TemplatePipeline)
  case condition(TemplatePipeline, then: [TemplateNode], otherwise: [TemplateNode])
  case loop(TemplatePipeline, body: [TemplateNode], otherwise: [TemplateNode])
  case scope(TemplatePipeline, body: [TemplateNode], otherwise: [TemplateNode])
  case call(String, quoted: String, TemplatePipeline?, at: TemplateOffset)
  case leave
  case proceed
}
