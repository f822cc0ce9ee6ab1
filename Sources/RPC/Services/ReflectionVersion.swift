/// The two packages the same reflection service is served under: stock tools still ask for the older one.
protocol ReflectionVersion: Sendable {
    static var serviceName: String { get }
    static var descriptor: [UInt8] { get }
}

/// `grpc.reflection.v1`.
enum ReflectionVersion1: ReflectionVersion {
    static let serviceName = "grpc.reflection.v1.ServerReflection"
    static var descriptor: [UInt8] { ServiceDescriptors.reflection }
}

/// `grpc.reflection.v1alpha`.
enum ReflectionVersion1Alpha: ReflectionVersion {
    static let serviceName = "grpc.reflection.v1alpha.ServerReflection"
    static var descriptor: [UInt8] { ServiceDescriptors.reflectionAlpha }
}
