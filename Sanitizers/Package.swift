// swift-tools-version: 6.1
import PackageDescription

// The store, the remote-write receiver and their tests alone, to be built with a sanitizer: `make sanitize`. The targets are
// linked into Sources and Tests; users of the root package never build this one.

// `import Synchronization` gives the target Locks: the standard library's mutex hides from the thread sanitizer what it guards.
let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6), .enableUpcomingFeature("ExistentialAny"),
  .unsafeFlags(["-module-alias", "Synchronization=Locks"]),
]

let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

let package = Package(
  name: "harecast-sanitizers",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .systemLibrary(name: "CProtobufC", pkgConfig: "libprotobuf-c", providers: [.apt(["libprotobuf-c-dev"])]),
    .systemLibrary(name: "CSnappy", providers: [.apt(["libsnappy-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(name: "Locks", swiftSettings: [.swiftLanguageMode(.v6)]),
    .target(name: "CCurlShims", dependencies: ["CCurl"]),
    .target(name: "CMalloc"),
    .target(name: "CRE2", linkerSettings: [.linkedLibrary("re2")]),
    .target(name: "CRemoteWrite", dependencies: ["CProtobufC"], exclude: ["remote_write.proto"]),
    .target(name: "TimeSeries", dependencies: ["CRE2"], swiftSettings: settings),
    .target(name: "Exposition", dependencies: ["TimeSeries", "Locks", "CZlib"], swiftSettings: settings),
    .target(
      name: "RemoteWrite", dependencies: ["TimeSeries", "CProtobufC", "CRemoteWrite", "CSnappy"],
      swiftSettings: settings),
    .target(name: "StrictYAML", dependencies: ["TimeSeries", yams], swiftSettings: settings),
    .target(name: "SeriesStore", dependencies: ["TimeSeries", "Locks", "CMalloc", grdb], swiftSettings: settings),
    .target(
      name: "HTTPFetch", dependencies: ["TimeSeries", "Locks", "CCurl", "CCurlShims"],
      swiftSettings: settings),
    .target(
      name: "Collection",
      dependencies: [
        "TimeSeries", "Locks", "Exposition", "RemoteWrite", "StrictYAML", "SeriesStore", "HTTPFetch", logging,
      ],
      swiftSettings: settings),
    .target(name: "HarecastTestKit", dependencies: ["TimeSeries", "Locks"], swiftSettings: settings),
    .executableTarget(
      name: "StoreWriter", dependencies: ["SeriesStore", "TimeSeries"], path: "Tests/StoreWriter",
      swiftSettings: settings),
    .testTarget(name: "TimeSeriesTests", dependencies: ["TimeSeries"], swiftSettings: settings),
    .testTarget(
      name: "SeriesStoreTests", dependencies: ["SeriesStore", "StoreWriter", "HarecastTestKit", "TimeSeries", grdb],
      resources: [.copy("Fixtures")], swiftSettings: settings),
    .testTarget(name: "RemoteWriteTests", dependencies: ["RemoteWrite", "TimeSeries"], swiftSettings: settings),
    .testTarget(
      name: "CollectionTests",
      dependencies: [
        "Collection", "HarecastTestKit", "Exposition", "RemoteWrite", "SeriesStore", "StrictYAML", "HTTPFetch",
        "Locks", "TimeSeries", logging,
      ],
      swiftSettings: settings),
  ],
  cxxLanguageStandard: .cxx17
)
