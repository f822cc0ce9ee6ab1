internal import GRDB
internal import Synchronization

/// Writes that wait go to disk together: one transaction, one fsync. Each has a savepoint of its own, so that one that
/// fails undoes nothing of the others; each caller learns the outcome after the commit.
final class WriteGroup: Sendable {
    /// One write and how to tell its caller.
    struct Job: Sendable {
        /// Runs the write; what it returns tells the caller that it is committed.
        let perform: @Sendable (Database) throws -> @Sendable () -> Void
        let fail: @Sendable (StoreError) -> Void
    }

    private let pool: DatabasePool
    private let line = Mutex(JobLine<Job>())

    init(pool: DatabasePool) { self.pool = pool }

    func add(_ job: Job) {
        guard line.withLock({ $0.add(job) }) else { return }
        pool.asyncWriteWithoutTransaction { database in
            while let jobs = self.line.withLock({ $0.takeSome() }) { Self.run(jobs, database) }
        }
    }

    private static func run(_ jobs: [Job], _ database: Database) {
        var refused: [Int: StoreError] = [:]
        var committed: [@Sendable () -> Void] = []
        do {
            try database.inTransaction {
                for (index, job) in jobs.enumerated() {
                    do {
                        try database.inSavepoint {
                            committed.append(try job.perform(database))
                            return .commit
                        }
                    } catch {
                        refused[index] = StoreError(error)
                        // Some errors, such as a full disk, end the whole transaction.
                        guard database.isInsideTransaction else { throw error }
                    }
                }
                return .commit
            }
            for (index, error) in refused { jobs[index].fail(error) }
            for tell in committed { tell() }
        } catch {
            for (index, job) in jobs.enumerated() { job.fail(refused[index] ?? StoreError(error)) }
        }
    }
}
