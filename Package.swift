// swift-tools-version: 6.2
import PackageDescription

/// One settings constant for every Swift target.
let swiftSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("ExistentialAny"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    // Actors are checked as the tests run, too: the compiler (6.3) misses closures of theirs that are called from elsewhere.
    .unsafeFlags(["-Xfrontend", "-enable-actor-data-race-checks"], .when(configuration: .debug)),
]

func nio(_ name: String) -> Target.Dependency { .product(name: name, package: "swift-nio") }
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

func module(_ name: String, _ dependencies: [Target.Dependency], tests: [Target.Dependency] = []) -> [Target] {
    [
        .target(name: name, dependencies: dependencies, swiftSettings: swiftSettings),
        .testTarget(
            name: "\(name)Tests",
            dependencies: [.target(name: name)] + dependencies + tests,
            swiftSettings: swiftSettings
        ),
    ]
}

func system(_ name: String, pkgConfig: String, apt: String) -> Target {
    .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([apt])])
}

/// Links only against the fuzzer's runtime: `tools/fuzz` sets the variable.
let fuzzProgram: [Target] =
    Context.environment["SLUICE_FUZZ"] == nil
    ? []
    : [
        .executableTarget(
            name: "sluice-fuzz",
            dependencies: ["FuzzTargets"],
            path: "Tests/Fuzz/Program",
            swiftSettings: swiftSettings
        )
    ]

let package = Package(
    name: "sluice",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "sluice", targets: ["sluice"]),
        .executable(name: "sluice-agent", targets: ["sluice-agent"]),
        .executable(name: "sluice-bench", targets: ["sluice-bench"]),
        .executable(name: "protoc-gen-sluice", targets: ["protoc-gen-sluice"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: [
        // C: shims only.
        [
            system("CNGHTTP2", pkgConfig: "libnghttp2", apt: "libnghttp2-dev"),
            system("COpenSSL", pkgConfig: "openssl", apt: "libssl-dev"),
            system("CProtobufC", pkgConfig: "libprotobuf-c", apt: "libprotobuf-c-dev"),
            system("CCurl", pkgConfig: "libcurl", apt: "libcurl4-openssl-dev"),
            system("CZlib", pkgConfig: "zlib", apt: "zlib1g-dev"),
            .target(name: "CLinux"),
            .target(name: "CSluiceProto", dependencies: ["CProtobufC"]),
        ],
        // Row 0: base.
        module("Units", []),
        // Row 1a: deciders.
        module("Manifest", ["Units", "COpenSSL"]),
        module("Leases", ["Units"]),
        module("Scheduling", ["Units"]),
        // Row 1b: deciders.
        module("BitTorrent", ["Units", "Manifest"]),
        module("Download", ["Units", "Manifest"]),
        // Row 2: owners.
        module("Transport", ["Units", "COpenSSL", "CLinux", nio("NIOCore"), nio("NIOPosix"), logging]),
        module(
            "PieceCache",
            [
                "Units", "Manifest", "CLinux", nio("NIOCore"), nio("NIOPosix"), nio("NIOConcurrencyHelpers"), logging,
            ]
        ),
        module("OriginClient", ["Units", "CCurl", nio("NIOCore"), logging]),
        module("Store", ["Units", .product(name: "GRDB", package: "GRDB.swift"), logging]),
        // Row 3: protocols.
        module(
            "HTTP",
            ["Units", "Transport", "CNGHTTP2", "CZlib", nio("NIOCore"), nio("NIOPosix"), nio("NIOHTTP1"), logging]
        ),
        module(
            "Swarm",
            [
                "Units", "BitTorrent", "Manifest", "PieceCache", "Transport", nio("NIOCore"), nio("NIOPosix"),
                nio("NIOConcurrencyHelpers"), logging,
            ],
            tests: [nio("NIOEmbedded")]
        ),
        // Row 4: calls.
        module("RPC", ["Units", "HTTP", "CProtobufC", "CZlib", nio("NIOCore"), nio("NIOPosix"), logging]),
        // Row 5: interface.
        module("SluiceAPI", ["Units", "RPC", "CProtobufC", "CSluiceProto", nio("NIOCore")]),
        // Row 6: roles.
        module(
            "Node",
            [
                "Units", "SluiceAPI", "RPC", "HTTP", "Transport", "PieceCache", "Swarm", "OriginClient", "Download",
                "Leases", "Scheduling", "Manifest", "BitTorrent", nio("NIOCore"), nio("NIOPosix"),
                nio("NIOConcurrencyHelpers"), logging, lifecycle,
            ]
        ),
        module(
            "Control",
            [
                "Units", "SluiceAPI", "RPC", "HTTP", "Transport", "Store", "Leases", "Scheduling", "Manifest",
                "OriginClient", "BitTorrent", nio("NIOCore"), nio("NIOPosix"), logging, lifecycle,
            ],
            tests: [.product(name: "GRDB", package: "GRDB.swift")]
        ),
        // Row 7: programs.
        [
            .target(
                name: "Program",
                dependencies: [
                    "Units", "SluiceAPI", "RPC", "HTTP", "Transport", "Node", nio("NIOCore"), logging, lifecycle,
                    signals,
                    argumentParser,
                ],
                swiftSettings: swiftSettings
            ),
            .executableTarget(
                name: "sluice-agent",
                dependencies: ["Program", argumentParser],
                swiftSettings: swiftSettings
            ),
            .executableTarget(
                name: "sluice",
                dependencies: [
                    "Program", "Units", "SluiceAPI", "RPC", "HTTP", "Transport", "Manifest", "OriginClient", "Node",
                    "Control",
                    nio("NIOCore"), nio("NIOPosix"), logging, lifecycle, signals, argumentParser,
                ],
                swiftSettings: swiftSettings
            ),
            .executableTarget(
                name: "sluice-bench",
                dependencies: [
                    "Units", "Leases", "SluiceAPI", "RPC", "HTTP", "Transport", "Manifest", "Node", nio("NIOCore"),
                    nio("NIOPosix"), argumentParser,
                ],
                swiftSettings: swiftSettings
            ),
            .executableTarget(
                name: "protoc-gen-sluice",
                dependencies: ["Units", "CProtobufC", "CPluginProto"],
                swiftSettings: swiftSettings
            ),
            .target(name: "CPluginProto", dependencies: ["CProtobufC"]),
            // For the interop tests: serves and calls gRPC's official test service. No product.
            .executableTarget(
                name: "sluice-interop",
                dependencies: [
                    "Units", "RPC", "HTTP", "Transport", "CProtobufC", "CInteropProto", nio("NIOCore"),
                    nio("NIOPosix"), logging, signals,
                ],
                path: "Tests/InteropPeer/SluiceInterop",
                swiftSettings: swiftSettings
            ),
            .target(
                name: "CInteropProto",
                dependencies: ["CProtobufC"],
                path: "Tests/InteropPeer/CInteropProto"
            ),
            // Fuzz targets are a library, so that tests replay what the fuzzer found.
            .target(
                name: "FuzzTargets",
                dependencies: [
                    "Units", "Manifest", "BitTorrent", "Transport", "HTTP", "RPC", "SluiceAPI", "PieceCache",
                    "OriginClient", nio("NIOCore"),
                ],
                path: "Tests/Fuzz/Targets",
                swiftSettings: swiftSettings
            ),
            .testTarget(
                name: "FuzzTests",
                dependencies: ["FuzzTargets", "Units"],
                swiftSettings: swiftSettings
            ),
            .testTarget(
                name: "SimulationTests",
                dependencies: [
                    "Units", "Manifest", "BitTorrent", "Download", "Leases", "Scheduling", "PieceCache", "Transport",
                    "OriginClient", "HTTP", "Swarm", "RPC", "SluiceAPI", "Node", nio("NIOCore"),
                ],
                swiftSettings: swiftSettings
            ),
            .testTarget(
                name: "IntegrationTests",
                dependencies: [
                    "Units", "SluiceAPI", "RPC", "HTTP", "Transport", "PieceCache", "Swarm", "OriginClient",
                    "Download", "Leases", "Scheduling", "Manifest", "BitTorrent", "Store", "Node", "Control", "Program",
                    nio("NIOCore"), nio("NIOPosix"), logging, argumentParser,
                ],
                swiftSettings: swiftSettings
            ),
        ],
        fuzzProgram,
    ].flatMap(\.self)
)
