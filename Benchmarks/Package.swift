// swift-tools-version: 6.1
import PackageDescription

// Micro-benchmarks and load generators. The targets under measurement are linked into Sources, so that this package
// needs the rest of Harecast as little as users of the root package need this one.

let settings: [SwiftSetting] = [.swiftLanguageMode(.v6), .enableUpcomingFeature("ExistentialAny")]

let package = Package(
  name: "harecast-benchmarks",
  platforms: [.macOS(.v15)],
  dependencies: [.package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0")],
  targets: [
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(name: "CNeural", linkerSettings: [.linkedLibrary("dl")]),
    .target(name: "CXGBoost", linkerSettings: [.linkedLibrary("dl")]),
    .target(name: "CMalloc"),
    .target(name: "CRE2", linkerSettings: [.linkedLibrary("re2")]),
    .target(name: "TimeSeries", dependencies: ["CRE2"], swiftSettings: settings),
    .target(name: "Exposition", dependencies: ["TimeSeries", "CZlib"], swiftSettings: settings),
    .systemLibrary(name: "CProtobufC", pkgConfig: "libprotobuf-c"),
    .systemLibrary(name: "CSnappy"),
    .target(name: "CRemoteWrite", dependencies: ["CProtobufC"]),
    .target(
      name: "RemoteWrite", dependencies: ["TimeSeries", "CProtobufC", "CRemoteWrite", "CSnappy"],
      swiftSettings: settings),
    .target(
      name: "SeriesStore", dependencies: ["TimeSeries", "CMalloc", .product(name: "GRDB", package: "GRDB.swift")],
      swiftSettings: settings),
    .target(name: "CLibSVM", linkerSettings: [.linkedLibrary("dl")]),
    .target(name: "AnomalyDetection", dependencies: ["TimeSeries", "CLibSVM"], swiftSettings: settings),
    .executableTarget(name: "AnomalyCost", dependencies: ["AnomalyDetection"], swiftSettings: settings),
    .executableTarget(
      name: "RemoteWriteLoad", dependencies: ["TimeSeries", "RemoteWrite"], swiftSettings: settings),
    .target(
      name: "Forecasting", dependencies: ["TimeSeries", "CNeural", "CXGBoost"], swiftSettings: settings),
    .executableTarget(name: "DemandAccuracy", dependencies: ["Forecasting", "TimeSeries"], swiftSettings: settings),
    .executableTarget(name: "ForecastCost", dependencies: ["Forecasting"], swiftSettings: settings),
    .executableTarget(name: "LSTMCost", dependencies: ["Forecasting"], swiftSettings: settings),
    .executableTarget(
      name: "ParseAndStore", dependencies: ["TimeSeries", "Exposition", "SeriesStore"], swiftSettings: settings),
  ],
  cxxLanguageStandard: .cxx17
)
