internal import FoundationEssentials
package import Logging

/// Log lines go to standard error; SLUICE_LOG sets the level.
package enum RoleLogger {
    package static func make(_ label: String) -> Logger {
        var logger = Logger(label: label) { StreamLogHandler.standardError(label: $0) }
        let wanted = ProcessInfo.processInfo.environment["SLUICE_LOG"] ?? "info"
        logger.logLevel = Logger.Level(rawValue: wanted) ?? .info
        return logger
    }
}
