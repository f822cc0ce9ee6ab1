internal import GRDB
internal import Synchronization

/// Small reads that wait are done together, in one snapshot that begins after each of them was asked for: very many nodes
/// that come back at once cost one turn of a connection, not one each.
final class ReadGroup: Sendable {
    /// One read and how to tell its caller.
    struct Job: Sendable {
        /// Reads, and tells the caller.
        let perform: @Sendable (Database) -> Void
        let fail: @Sendable (StoreError) -> Void
    }

    private let pool: DatabasePool
    private let line = Mutex(JobLine<Job>())

    init(pool: DatabasePool) { self.pool = pool }

    func add(_ job: Job) {
        if line.withLock({ $0.add(job) }) { readSome() }
    }

    private func readSome() {
        pool.asyncRead { access in
            guard let jobs = self.line.withLock({ $0.takeSome() }) else { return }
            do {
                let database = try access.get()
                for job in jobs { job.perform(database) }
            } catch {
                for job in jobs { job.fail(StoreError(error)) }
            }
            self.readSome()
        }
    }
}
