package import NIOCore

/// An actor that runs on an event loop: calls between it and that loop's channels need no change of thread.
package protocol EventLoopActor: Actor {
    nonisolated var loop: any EventLoop { get }
}

extension EventLoopActor {
    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.executor.asUnownedSerialExecutor() }
}
