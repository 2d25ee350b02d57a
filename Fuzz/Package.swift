// swift-tools-version: 6.1
import PackageDescription

// Fuzz targets for libFuzzer, see README.md. The targets under test are linked into Sources; users of the root package
// never build this one.

let settings: [SwiftSetting] = [.swiftLanguageMode(.v6), .enableUpcomingFeature("ExistentialAny")]
let fuzzing: [SwiftSetting] = [.unsafeFlags(["-sanitize=fuzzer,address"])]
let fuzzingC: [CSetting] = [.unsafeFlags(["-fsanitize=fuzzer-no-link,address"])]

/// A program that feeds libFuzzer's inputs to the modules.
func fuzzer(_ name: String, of modules: Target.Dependency...) -> Target {
  .executableTarget(
    name: name, dependencies: ["FuzzerLoop"] + modules,
    swiftSettings: settings + fuzzing + [.unsafeFlags(["-parse-as-library"])],
    linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])])
}

let package = Package(
  name: "harecast-fuzz",
  platforms: [.macOS(.v15)],
  targets: [
    .systemLibrary(name: "CSnappy", providers: [.apt(["libsnappy-dev"])]),
    .systemLibrary(name: "CProtobufC", pkgConfig: "libprotobuf-c", providers: [.apt(["libprotobuf-c-dev"])]),
    .target(
      name: "CRemoteWrite", dependencies: ["CProtobufC"], exclude: ["remote_write.proto"], cSettings: fuzzingC),
    .target(name: "CRE2", linkerSettings: [.linkedLibrary("re2")]),
    .target(name: "TimeSeries", dependencies: ["CRE2"], swiftSettings: settings + fuzzing),
    .target(
      name: "RemoteWrite", dependencies: ["TimeSeries", "CProtobufC", "CRemoteWrite", "CSnappy"],
      swiftSettings: settings + fuzzing),
    .target(name: "PromQL", dependencies: ["TimeSeries"], swiftSettings: settings + fuzzing),
    .target(name: "Templates", dependencies: ["TimeSeries"], swiftSettings: settings + fuzzing),
    .target(name: "FuzzerLoop", swiftSettings: settings),
    fuzzer("RemoteWriteFuzz", of: "RemoteWrite"),
    fuzzer("QueryFuzz", of: "PromQL"),
    fuzzer("TemplateFuzz", of: "Templates", "TimeSeries"),
  ],
  cxxLanguageStandard: .cxx17
)
