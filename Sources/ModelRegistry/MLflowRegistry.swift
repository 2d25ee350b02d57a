import Foundation
import HTTPFetch

/// A model registry of MLflow, over its REST API, version 2.0.
///
/// A model is an artifact of a run, which carries what it was trained with and its errors, and a version of a registered
/// model, which names the artifact. Artifacts travel through MLflow's own proxy (`mlflow-artifacts`), the default of
/// `mlflow server`, so that no access to its storage is needed.
public struct MLflowRegistry: Sendable {
  /// What MLflow calls the folder of the artifact.
  private static let folder = "model"
  private static let mostAnswerBytes = 8 << 20

  /// How the server is told who asks. Secrets do not print.
  public enum Access: Sendable, Equatable {
    case open
    case bearer(String)
    case basic(BasicAuthentication)
  }

  private let url: String
  private let access: Access
  private let tls: TLSOptions
  private let client: HTTPClient

  /// - Parameter url: for instance `http://mlflow:5000`; a path before `/api` is kept.
  /// - Throws: ``ModelError`` if that is no address.
  public init(url: String, access: Access = .open, tls: TLSOptions = TLSOptions(), client: HTTPClient)
    throws(ModelError)
  {
    var address = url
    while address.hasSuffix("/") { address.removeLast() }
    guard let parts = URL(string: address), ["http", "https"].contains(parts.scheme ?? ""),
      parts.host?.isEmpty == false,
      parts.user == nil, parts.query == nil, parts.fragment == nil
    else { throw ModelError(url, .registry("is not of the form http://HOST:PORT")) }
    self.url = address
    self.access = access
    self.tls = tls
    self.client = client
  }

  // MARK: Pushing

  /// Registers a model file as a new version of a registered model, which is made if there is none.
  ///
  /// - Parameters:
  ///   - bytes: the file as it lies in the folder, signature and all.
  ///   - name: what the registry calls the model.
  ///   - experiment: the experiment that the run belongs to; it is made if there is none.
  ///   - alias: a name to point at the new version, for instance `champion`.
  ///   - now: UTC milliseconds.
  /// - Returns: the version.
  /// - Throws: ``ModelError``.
  public func push(
    _ bytes: [UInt8], _ file: ModelFile, as name: String, experiment: String, alias: String?, now: Int64
  ) async throws(ModelError) -> String {
    guard ModelFolder.isName(name) else { throw ModelError(name, .badName) }
    let header = file.header
    let run = try await makeRun(header, experiment: experiment, now: now)
    do {
      let place = try Self.proxied(run.artifacts, at: url)
      try await upload(Self.description(of: header, name: name), to: "\(place)/\(Self.folder)/MLmodel")
      try await upload(bytes, to: "\(place)/\(Self.folder)/\(name)\(ModelFolder.suffix)")
    } catch {
      _ = try? await post("runs/update", ["run_id": run.id, "status": "FAILED", "end_time": now])
      throw error
    }
    _ = try await post("runs/update", ["run_id": run.id, "status": "FINISHED", "end_time": now])
    _ = try await post("registered-models/create", ["name": name], tolerating: "RESOURCE_ALREADY_EXISTS")
    let tags = [
      ["key": "harecast.sha256", "value": Digest.hex(Digest.sha256(bytes))],
      ["key": "harecast.model", "value": header.model], ["key": "harecast.version", "value": header.harecast],
    ]
    let answer = try await post(
      "model-versions/create",
      ["name": name, "source": "\(run.artifacts)/\(Self.folder)", "run_id": run.id, "tags": tags])
    guard let made = answer["model_version"] as? [String: Any], let version = made["version"] as? String else {
      throw refusal("model-versions/create", "the answer names no version")
    }
    if let alias {
      _ = try await post("registered-models/alias", ["name": name, "alias": alias, "version": version])
    }
    return version
  }

  private func makeRun(
    _ header: ModelHeader, experiment: String, now: Int64
  ) async throws(ModelError) -> (id: String, artifacts: String) {
    let answer = try await post(
      "runs/create",
      [
        "experiment_id": try await experimentID(experiment), "run_name": header.name, "start_time": now,
        "tags": [["key": "mlflow.source.name", "value": "harecast \(header.harecast)"]],
      ])
    guard let run = answer["run"] as? [String: Any], let info = run["info"] as? [String: Any],
      let id = info["run_id"] as? String, let artifacts = info["artifact_uri"] as? String
    else { throw refusal("runs/create", "the answer names no run") }
    var params = header.settings.map { ["key": "setting.\($0)", "value": $1] }
    params += [
      ["key": "model", "value": header.model], ["key": "query", "value": String(header.query.prefix(500))],
      ["key": "step_ms", "value": "\(header.step)"], ["key": "series", "value": "\(header.series.count)"],
      ["key": "trained_from_ms", "value": "\(header.trainedFrom)"],
      ["key": "trained_through_ms", "value": "\(header.trainedThrough)"],
    ]
    let metrics: [[String: Any]] = header.metrics.sorted { $0.key < $1.key }.map {
      ["key": $0.key, "value": $0.value, "timestamp": now, "step": 0]
    }
    _ = try await post("runs/log-batch", ["run_id": id, "params": params, "metrics": metrics])
    return (id, artifacts)
  }

  private func experimentID(_ name: String) async throws(ModelError) -> String {
    let path = "experiments/get-by-name?experiment_name=\(Self.escaped(name))"
    let known = try await call("GET", path, nil, tolerating: "RESOURCE_DOES_NOT_EXIST")
    if let experiment = known["experiment"] as? [String: Any], let id = experiment["experiment_id"] as? String {
      return id
    }
    guard let id = try await post("experiments/create", ["name": name])["experiment_id"] as? String else {
      throw refusal("experiments/create", "the answer names no experiment")
    }
    return id
  }

  /// The `MLmodel` file, by which MLflow knows what lies in a folder.
  private static func description(of header: ModelHeader, name: String) -> [UInt8] {
    Array(
      """
      artifact_path: \(folder)
      flavors:
        harecast:
          data: \(name)\(ModelFolder.suffix)
          harecast_version: '\(header.harecast)'
          model: '\(header.model)'

      """.utf8)
  }

  // MARK: Pulling

  /// Which version of a registered model is wanted.
  public enum Wanted: Sendable, Equatable {
    case latest
    case version(String)
    case alias(String)
  }

  /// Fetches the bytes of a model file. They are not verified yet.
  ///
  /// - Throws: ``ModelError``.
  public func pull(_ name: String, _ wanted: Wanted) async throws(ModelError) -> (bytes: [UInt8], version: String) {
    guard ModelFolder.isName(name) else { throw ModelError(name, .badName) }
    let version = try await version(of: name, wanted)
    let answer = try await call(
      "GET", "model-versions/get-download-uri?name=\(Self.escaped(name))&version=\(Self.escaped(version))", nil)
    guard let artifact = answer["artifact_uri"] as? String else {
      throw refusal("model-versions/get-download-uri", "the answer names no artifact")
    }
    let place = try Self.proxied(artifact, at: url)
    let listing = try json(
      try await fetch(
        "GET", "mlflow-artifacts/artifacts?path=\(Self.escaped(place))", nil, limit: Self.mostAnswerBytes),
      "mlflow-artifacts/artifacts")
    let files = (listing["files"] as? [[String: Any]] ?? []).compactMap { $0["path"] as? String }
      .compactMap { $0.split(separator: "/").last.map(String.init) }.filter { $0.hasSuffix(ModelFolder.suffix) }
    guard let file = files.first, files.count == 1 else {
      throw refusal(place, "holds \(files.count) model files of Harecast, not one")
    }
    let response = try await fetch(
      "GET", "mlflow-artifacts/artifacts/\(Self.escapedPath("\(place)/\(file)"))", nil, limit: ModelFile.mostBytes)
    guard response.status == 200 else { throw refusal(file, Self.reason(response)) }
    return (response.body, version)
  }

  private func version(of name: String, _ wanted: Wanted) async throws(ModelError) -> String {
    let found: [String: Any]?
    switch wanted {
    case .version(let version): return version
    case .alias(let alias):
      let path = "registered-models/alias?name=\(Self.escaped(name))&alias=\(Self.escaped(alias))"
      found = try await call("GET", path, nil)["model_version"] as? [String: Any]
    case .latest:
      let filter = Self.escaped("name='\(name)'")
      let path = "model-versions/search?filter=\(filter)&order_by=version_number%20DESC&max_results=1"
      found = (try await call("GET", path, nil)["model_versions"] as? [[String: Any]])?.first
    }
    guard let version = found?["version"] as? String else { throw refusal(name, "the registry has no version of it") }
    return version
  }

  /// The path that MLflow's proxy serves an artifact under.
  private static func proxied(_ uri: String, at url: String) throws(ModelError) -> String {
    let scheme = "mlflow-artifacts:"
    guard uri.hasPrefix(scheme) else {
      throw ModelError(
        url,
        .registry(
          "its artifacts lie at \(uri.prefix(200)): only those behind MLflow's proxy (--serve-artifacts) can be had"))
    }
    var path = uri.dropFirst(scheme.count)
    if path.hasPrefix("//") { path = path.dropFirst(2).drop { $0 != "/" } }
    return path.split(separator: "/").joined(separator: "/")
  }

  // MARK: Talking

  private func post(
    _ path: String, _ body: [String: Any], tolerating code: String? = nil
  ) async throws(ModelError) -> [String: Any] {
    try await call("POST", path, body, tolerating: code)
  }

  /// - Parameter code: an error that counts as an empty answer.
  private func call(
    _ method: String, _ path: String, _ body: [String: Any]?, tolerating code: String? = nil
  ) async throws(ModelError) -> [String: Any] {
    var bytes: [UInt8]?
    if let body {
      guard let data = try? JSONSerialization.data(withJSONObject: body) else {
        throw refusal(path, "the request is no JSON")
      }
      bytes = Array(data)
    }
    let response = try await fetch(method, "mlflow/\(path)", bytes, limit: Self.mostAnswerBytes)
    if let code, response.status != 200, Self.errorCode(response) == code { return [:] }
    return try json(response, String(path.prefix { $0 != "?" }))
  }

  private func json(_ response: HTTPResponse, _ what: String) throws(ModelError) -> [String: Any] {
    guard response.status == 200 else { throw refusal(what, Self.reason(response)) }
    guard let object = try? JSONSerialization.jsonObject(with: Data(response.body)) as? [String: Any] else {
      throw refusal(what, "the answer is no JSON object")
    }
    return object
  }

  private func upload(_ bytes: [UInt8], to path: String) async throws(ModelError) {
    let response = try await fetch(
      "PUT", "mlflow-artifacts/artifacts/\(Self.escapedPath(path))", bytes, type: "application/octet-stream",
      limit: Self.mostAnswerBytes)
    guard response.status == 200 else { throw refusal(path, Self.reason(response)) }
  }

  private func fetch(
    _ method: String, _ path: String, _ body: [UInt8]?, type: String = "application/json", limit: Int
  ) async throws(ModelError) -> HTTPResponse {
    var request = HTTPRequest(url: "\(url)/api/2.0/\(path)", method: method, body: body)
    if body != nil { request.headers.append(HTTPHeader("Content-Type", type)) }
    switch access {
    case .open: break
    case .bearer(let token): request.authorization = "Bearer \(token)"
    case .basic(let pair): request.basicAuthentication = pair
    }
    request.tls = tls
    request.timeout = 600_000
    request.connectTimeout = 10_000
    request.bodySizeLimit = limit
    do {
      return try await client.fetch(request)
    } catch {
      throw ModelError(url, .registry("\(error)"))
    }
  }

  private func refusal(_ what: String, _ reason: String) -> ModelError {
    ModelError(url, .registry("\(what): \(reason)"))
  }

  private static func errorCode(_ response: HTTPResponse) -> String? {
    (try? JSONSerialization.jsonObject(with: Data(response.body)) as? [String: Any])?["error_code"] as? String
  }

  private static func reason(_ response: HTTPResponse) -> String {
    let answer = try? JSONSerialization.jsonObject(with: Data(response.body)) as? [String: Any]
    let message = answer?["message"] as? String ?? String(decoding: response.body.prefix(200), as: UTF8.self)
    let code = (answer?["error_code"] as? String).map { " \($0)" } ?? ""
    return "the server answered \(response.status)\(code): \(message.prefix(300))"
  }

  private static func escaped(_ text: String) -> String {
    var allowed = CharacterSet.alphanumerics
    allowed.insert(charactersIn: "-._~")
    return text.addingPercentEncoding(withAllowedCharacters: allowed) ?? ""
  }

  private static func escapedPath(_ path: String) -> String {
    path.split(separator: "/").map { escaped(String($0)) }.joined(separator: "/")
  }
}
