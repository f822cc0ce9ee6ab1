internal import FoundationEssentials
package import Logging

/// Log lines go to standard error; SLUICE_LOG sets the level.
package enum RoleLogger {
    /// `level` holds unless SLUICE_LOG names one.
    package static func make(_ label: String, level: Logger.Level = .info) -> Logger {
        var logger = Logger(label: label) { StreamLogHandler.standardError(label: $0) }
        let wanted = ProcessInfo.processInfo.environment["SLUICE_LOG"].flatMap(Logger.Level.init(rawValue:))
        logger.logLevel = wanted ?? level
        return logger
    }
}
