import Foundation
import HarecastTestKit
import Testing

@testable import ModelRegistry

@Suite("The folder of models")
struct ModelFolderTests {
  @Test("names are file names and never paths", arguments: ["..", "../x", "a/b", "", ".x", "-x", "a b", "ä", "a\u{0}"])
  func badNames(name: String) {
    #expect(!ModelFolder.isName(name))
    #expect(throws: ModelError(name, .badName)) { try ModelFolder("/tmp").file(of: name) }
  }

  @Test("models are written, listed and read; an existing one is replaced only if asked")
  func writes() throws {
    let temporary = try TemporaryFolder()
    let folder = ModelFolder(temporary.path + "/models")
    #expect(folder.names().isEmpty)
    let key = try ModelFixture.key()
    for name in ["orders", "memory.v2"] {
      try folder.write(try ModelFixture.file(name).bytes(signedWith: key), name: name, replaces: false)
    }
    #expect(folder.names() == ["memory.v2", "orders"])
    #expect(try folder.read("orders", keys: [key]).file == (try ModelFixture.file()))
    let path = try folder.file(of: "orders")
    let before = try ModelFolder.bytes(ofFile: path)
    #expect(throws: ModelError(path, .exists)) { try folder.write([1], name: "orders", replaces: false) }
    #expect(try ModelFolder.bytes(ofFile: path) == before)
    try folder.write([1], name: "orders", replaces: true)
    #expect(try ModelFolder.bytes(ofFile: path) == [1])
    // Nothing but the models is left.
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == [
        "memory.v2.hcmodel", "orders.hcmodel",
      ])
  }

  @Test("a good file under another's name is refused")
  func renamed() throws {
    let temporary = try TemporaryFolder()
    let folder = ModelFolder(temporary.path)
    try folder.write(try ModelFixture.file("orders").bytes(signedWith: nil), name: "memory", replaces: false)
    #expect(throws: ModelError.self) { try folder.read("memory", keys: []) }
    #expect(throws: ModelError(temporary.path + "/none.hcmodel", .missing)) { try folder.read("none", keys: []) }
  }

  @Test("a write that fails leaves the old file and nothing else")
  func failedWrite() throws {
    let temporary = try TemporaryFolder()
    let target = temporary.path + "/folder"
    try FileManager.default.createDirectory(atPath: target + "/inner", withIntermediateDirectories: true)
    // A file cannot take the place of a folder that is not empty.
    #expect(throws: ModelError.self) { try AtomicFile.write([1], to: target) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: temporary.path) == ["folder"])
    #expect(throws: ModelError.self) { try AtomicFile.write([1], to: temporary.path + "/none/x") }
  }
}
