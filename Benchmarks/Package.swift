// swift-tools-version: 6.1
import PackageDescription

// Micro-benchmarks. The targets under measurement are linked into Sources, so that this package needs
// neither the rest of Harecast nor any dependency, and users of the root package never build it.

let settings: [SwiftSetting] = [.swiftLanguageMode(.v6), .enableUpcomingFeature("ExistentialAny")]

let package = Package(
  name: "harecast-benchmarks",
  platforms: [.macOS(.v15)],
  targets: [
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(name: "CRE2", linkerSettings: [.linkedLibrary("re2")]),
    .target(name: "TimeSeries", dependencies: ["CRE2"], swiftSettings: settings),
    .target(name: "Exposition", dependencies: ["TimeSeries", "CZlib"], swiftSettings: settings),
    .target(name: "SeriesStore", dependencies: ["TimeSeries"], swiftSettings: settings),
    .executableTarget(
      name: "ParseAndStore", dependencies: ["TimeSeries", "Exposition", "SeriesStore"], swiftSettings: settings),
  ],
  cxxLanguageStandard: .cxx17
)
