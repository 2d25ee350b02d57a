// swift-tools-version: 6.1
import PackageDescription

// The floors of the house are described in ARCHITECTURE.md; an import only ever points downwards,
// and Tests/ArchitectureTests reads this file to hold it so.

let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
]

let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

let package = Package(
  name: "harecast",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "harecast", targets: ["harecast"])
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    // Floor 0: words and bytes.
    .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .systemLibrary(
      name: "CProtobufC", pkgConfig: "libprotobuf-c", providers: [.apt(["libprotobuf-c-dev"])]),
    .systemLibrary(name: "CSnappy", providers: [.apt(["libsnappy-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CCrypt", providers: [.apt(["libcrypt-dev"])]),
    .systemLibrary(name: "CLibCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .target(name: "CCurlShims", dependencies: ["CCurl"]),
    .target(name: "CMalloc"),
    .target(name: "CNeural", linkerSettings: [.linkedLibrary("dl")]),
    .target(name: "CRE2", linkerSettings: [.linkedLibrary("re2")]),
    .target(name: "CRemoteWrite", dependencies: ["CProtobufC"], exclude: ["remote_write.proto"]),
    .target(name: "CXGBoost", linkerSettings: [.linkedLibrary("dl")]),
    .target(name: "CLibSVM", linkerSettings: [.linkedLibrary("dl")]),
    .target(name: "TimeSeries", dependencies: ["CRE2"], swiftSettings: settings),

    // Floor 1: pure. Bytes in, samples out; arrays in, arrays out.
    .target(name: "Exposition", dependencies: ["TimeSeries", "CZlib"], swiftSettings: settings),
    .target(
      name: "RemoteWrite", dependencies: ["TimeSeries", "CProtobufC", "CRemoteWrite", "CSnappy"],
      swiftSettings: settings),
    .target(name: "StrictYAML", dependencies: ["TimeSeries", yams], swiftSettings: settings),
    .target(
      name: "Forecasting", dependencies: ["TimeSeries", "CNeural", "CXGBoost"], swiftSettings: settings),
    .target(name: "AnomalyDetection", dependencies: ["TimeSeries", "CLibSVM"], swiftSettings: settings),

    // Floor 2: what holds state and what opens sockets.
    .target(name: "SeriesStore", dependencies: ["TimeSeries", "CMalloc", grdb], swiftSettings: settings),
    .target(name: "HTTPFetch", dependencies: ["TimeSeries", "CCurl", "CCurlShims"], swiftSettings: settings),

    // Floor 3: the query language, and what comes in.
    .target(name: "PromQL", dependencies: ["TimeSeries"], swiftSettings: settings),
    .target(
      name: "Collection",
      dependencies: [
        "TimeSeries", "Exposition", "RemoteWrite", "StrictYAML", "SeriesStore", "HTTPFetch", logging,
      ],
      swiftSettings: settings),
    .target(
      name: "ModelRegistry", dependencies: ["TimeSeries", "HTTPFetch", "CLibCrypto"], swiftSettings: settings),

    // Floor 4: rule files and their evaluation; RabbitMQ's vocabulary.
    .target(
      name: "Rules",
      dependencies: [
        "TimeSeries", "Exposition", "StrictYAML", "Forecasting", "AnomalyDetection", "SeriesStore", "PromQL",
      ],
      swiftSettings: settings),
    .target(
      name: "Broker",
      dependencies: [
        "TimeSeries", "Exposition", "StrictYAML", "SeriesStore", "HTTPFetch", "Collection", logging,
      ],
      swiftSettings: settings),

    .target(
      name: "Delivery",
      dependencies: [
        "TimeSeries", "Exposition", "RemoteWrite", "StrictYAML", "SeriesStore", "HTTPFetch", "Collection", logging,
      ],
      swiftSettings: settings),

    // Floor 5: incidents; the configuration file as a whole; a recorded cluster, replayed; what would have been predicted.
    .target(
      name: "Operations",
      dependencies: [
        "TimeSeries", "Exposition", "StrictYAML", "Forecasting", "AnomalyDetection", "SeriesStore", "PromQL",
        "Collection", "Broker", "Rules", logging,
      ],
      swiftSettings: settings),
    .target(
      name: "Outlook",
      dependencies: [
        "TimeSeries", "Exposition", "StrictYAML", "Forecasting", "SeriesStore", "PromQL", logging,
      ],
      swiftSettings: settings),
    .target(
      name: "Settings",
      dependencies: ["TimeSeries", "StrictYAML", "SeriesStore", "Collection", "Broker", "Delivery"],
      swiftSettings: settings),
    .target(
      name: "Demo",
      dependencies: ["TimeSeries", "Exposition", hummingbird, logging, lifecycle],
      resources: [.embedInCode("Recordings")],
      swiftSettings: settings),
    .target(
      name: "Backtest",
      dependencies: ["TimeSeries", "Exposition", "Forecasting", "AnomalyDetection", "ModelRegistry"],
      swiftSettings: settings),

    // Floor 6: the HTTP face.
    .target(
      name: "HTTPAPI",
      dependencies: [
        "TimeSeries", "Exposition", "StrictYAML", "AnomalyDetection", "SeriesStore", "Collection", "PromQL", "Rules",
        "Operations", "Outlook", "Forecasting", "CCrypt", hummingbird, hummingbirdCore, nioSSL, logging, lifecycle,
      ],
      resources: [.embedInCode("Web")],
      swiftSettings: settings),

    // Floor 7: the command line.
    .executableTarget(
      name: "harecast",
      dependencies: [
        "TimeSeries", "Forecasting", "AnomalyDetection", "StrictYAML", "SeriesStore", "HTTPFetch", "Collection",
        "Broker", "PromQL", "Rules",
        "CMalloc", "Exposition", "Settings", "Demo", "Backtest", "Delivery", "ModelRegistry", "Operations",
        "Outlook", "HTTPAPI",
        logging,
        lifecycle,
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      resources: [.embedInCode("Resources")],
      swiftSettings: settings),

    // What tests share, and the tests.
    .target(name: "HarecastTestKit", dependencies: ["TimeSeries"], swiftSettings: settings),
    .testTarget(name: "ArchitectureTests", swiftSettings: settings),
    .testTarget(name: "TimeSeriesTests", dependencies: ["TimeSeries"], swiftSettings: settings),
    .testTarget(
      name: "ExpositionTests", dependencies: ["Exposition", "TimeSeries", "CZlib"],
      resources: [.copy("Fixtures")], swiftSettings: settings),
    .testTarget(name: "StrictYAMLTests", dependencies: ["StrictYAML"], swiftSettings: settings),
    .testTarget(
      name: "ForecastingTests", dependencies: ["Forecasting", "TimeSeries", "CNeural"], swiftSettings: settings),
    .testTarget(
      name: "AnomalyDetectionTests", dependencies: ["AnomalyDetection", "TimeSeries"], swiftSettings: settings),
    .executableTarget(
      name: "StoreWriter", dependencies: ["SeriesStore", "TimeSeries"], path: "Tests/StoreWriter",
      swiftSettings: settings),
    .testTarget(
      name: "SeriesStoreTests", dependencies: ["SeriesStore", "StoreWriter", "HarecastTestKit", "TimeSeries", grdb],
      resources: [.copy("Fixtures")], swiftSettings: settings),
    .testTarget(name: "RemoteWriteTests", dependencies: ["RemoteWrite", "TimeSeries"], swiftSettings: settings),
    .testTarget(name: "HTTPFetchTests", dependencies: ["HTTPFetch", "HarecastTestKit"], swiftSettings: settings),
    .testTarget(name: "PromQLTests", dependencies: ["PromQL", "TimeSeries"], swiftSettings: settings),
    .testTarget(
      name: "CollectionTests",
      dependencies: [
        "Collection", "HarecastTestKit", "Exposition", "RemoteWrite", "SeriesStore", "StrictYAML", "HTTPFetch",
        "TimeSeries", logging,
      ],
      swiftSettings: settings),
    .testTarget(
      name: "ModelRegistryTests",
      dependencies: ["ModelRegistry", "HarecastTestKit", "HTTPFetch", "TimeSeries"], swiftSettings: settings),
    .testTarget(
      name: "BrokerTests",
      dependencies: [
        "Broker", "HarecastTestKit", "Collection", "HTTPFetch", "Exposition", "StrictYAML", "SeriesStore",
        "TimeSeries", logging,
      ],
      resources: [.copy("Fixtures")], swiftSettings: settings),
    .testTarget(
      name: "RulesTests",
      dependencies: [
        "Rules", "HarecastTestKit", "TimeSeries", "Exposition", "StrictYAML", "Forecasting", "AnomalyDetection",
        "SeriesStore", "PromQL",
      ],
      swiftSettings: settings),
    .testTarget(
      name: "DeliveryTests",
      dependencies: [
        "Delivery", "HarecastTestKit", "Collection", "HTTPFetch", "Exposition", "RemoteWrite", "StrictYAML",
        "SeriesStore", "TimeSeries", logging,
      ],
      swiftSettings: settings),
    .testTarget(
      name: "OperationsTests",
      dependencies: [
        "Operations", "HarecastTestKit", "Exposition", "TimeSeries", "SeriesStore", "PromQL", "Rules", "StrictYAML",
        logging,
      ],
      swiftSettings: settings),
    .testTarget(
      name: "OutlookTests",
      dependencies: [
        "Outlook", "HarecastTestKit", "Exposition", "Forecasting", "PromQL", "SeriesStore", "StrictYAML", "TimeSeries",
        logging,
      ],
      swiftSettings: settings),
    .testTarget(
      name: "DemoTests",
      dependencies: ["Demo", "HarecastTestKit", "Exposition", "TimeSeries", logging, lifecycle],
      swiftSettings: settings),
    .testTarget(
      name: "BacktestTests",
      dependencies: ["Backtest", "AnomalyDetection", "Forecasting", "ModelRegistry", "TimeSeries"],
      swiftSettings: settings),
    .testTarget(
      name: "HTTPAPITests",
      dependencies: [
        "HTTPAPI", "HarecastTestKit", "AnomalyDetection", "Collection", "Exposition", "HTTPFetch", "Operations",
        "PromQL", "RemoteWrite", "Rules", "SeriesStore", "StrictYAML", "TimeSeries", hummingbird, logging,
      ],
      swiftSettings: settings),
    .testTarget(
      name: "HarecastTestKitTests", dependencies: ["HarecastTestKit", "TimeSeries"], swiftSettings: settings),
    .testTarget(
      name: "IntegrationTests", dependencies: ["harecast", "HarecastTestKit", "Exposition", "TimeSeries"],
      swiftSettings: settings),
  ],
  cxxLanguageStandard: .cxx17
)
