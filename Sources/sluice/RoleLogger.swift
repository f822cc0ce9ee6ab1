import Foundation
import Logging

/// Log lines go to standard error; SLUICE_LOG sets the level.
enum RoleLogger {
    static func make(_ label: String) -> Logger {
        var logger = Logger(label: label) { StreamLogHandler.standardError(label: $0) }
        let wanted = ProcessInfo.processInfo.environment["SLUICE_LOG"] ?? "info"
        logger.logLevel = Logger.Level(rawValue: wanted) ?? .info
        return logger
    }
}
