import Store
import Testing
import Units

/// What every backend must do.
@Suite(.timeLimit(.minutes(2)))
struct ControlStoreTests {
    private func withStore(
        _ factory: StoreFactory,
        _ body: (any ControlStore) async throws -> Void
    ) async throws {
        let folder = try ScratchFolder()
        let store = try await factory.open(folder.database)
        try await store.createOrigin(Samples.origin)
        try await body(store)
        try await store.close()
        withExtendedLifetime(folder) {}
    }

    @discardableResult
    private func create(
        _ store: any ControlStore,
        _ distribution: DistributionRecord,
        tasks: [TaskRecord] = []
    ) async throws -> DistributionCreation {
        try await store.createDistribution(blob: Samples.blob(), distribution: distribution, tasks: tasks)
    }

    private func expectError<Value>(
        _ code: StoreError.Code,
        _ body: () async throws -> Value
    ) async {
        let error = await #expect(throws: StoreError.self) { _ = try await body() }
        #expect(error?.code == code)
    }

    @Test(arguments: StoreFactory.all)
    func `Everything stored comes back as it was`(factory: StoreFactory) async throws {
        try await withStore(factory) { (store) async throws -> Void in
            var task = Samples.task("t1", of: "d1")
            task.status = [1, 0, 2]
            let made = try await create(store, Samples.distribution("d1"), tasks: [task])
            #expect(made.isNew && made.blob == Samples.blob())
            #expect(try await store.origin(Samples.origin.id) == Samples.origin)
            #expect(try await store.blob(Samples.blobID(1)) == Samples.blob())
            #expect(try await store.distribution(Samples.id("d1")) == Samples.distribution("d1"))
            #expect(try await store.tasks(of: Samples.id("d1")) == [task])
            #expect(try await store.activeTasks() == [task])
            #expect(try await store.openTasks(of: Samples.id("n1")) == [task])
            #expect(try await store.activeBlobs() == [Samples.blob()])
            let node = NodeRecord(
                id: Samples.id("n1"),
                role: .relay,
                payload: [1],
                publicKey: [2],
                incarnation: 3,
                lastSeenAt: 4
            )
            try await store.saveNode(node)
            #expect(try await store.allNodes() == [node])
            #expect(try await store.distribution(Samples.id("none")) == nil)
        }
    }

    @Test(arguments: StoreFactory.all)
    func `A request id seen before returns what it made and creates nothing`(factory: StoreFactory) async throws {
        try await withStore(factory) { (store) async throws -> Void in
            try await create(store, Samples.distribution("d1", request: "r"), tasks: [Samples.task("t1", of: "d1")])
            let again = try await create(
                store,
                Samples.distribution("d2", request: "r"),
                tasks: [Samples.task("t2", of: "d2")]
            )
            #expect(!again.isNew && again.distribution.id == Samples.id("d1"))
            #expect(try await store.activeDistributions().map(\.id) == [Samples.id("d1")])
            #expect(try await store.task(Samples.id("t2")) == nil)
            #expect(try await store.distribution(requestID: "r")?.id == Samples.id("d1"))
            #expect(try await store.distribution(requestID: "") == nil)
            // Without a request id every order is its own.
            try await create(store, Samples.distribution("d3"))
            try await create(store, Samples.distribution("d4"))
        }
    }

    @Test(arguments: StoreFactory.all)
    func `A distribution is created whole or not at all`(factory: StoreFactory) async throws {
        try await withStore(factory) { (store) async throws -> Void in
            let twice = [Samples.task("t1", of: "d1"), Samples.task("t1", of: "d1")]
            await expectError(.alreadyExists) { try await create(store, Samples.distribution("d1"), tasks: twice) }
            #expect(try await store.distribution(Samples.id("d1")) == nil)
            #expect(try await store.blob(Samples.blobID(1)) == nil)
            try await store.deleteOrigin(Samples.origin.id)
            await expectError(.conflict) { try await create(store, Samples.distribution("d1")) }
        }
    }

    @Test(arguments: StoreFactory.all)
    func `The same request many times at once makes one distribution`(factory: StoreFactory) async throws {
        try await withStore(factory) { (store) async throws -> Void in
            let made = try await withThrowingTaskGroup(of: DistributionCreation.self) { group in
                for number in 0..<40 {
                    group.addTask {
                        try await create(store, Samples.distribution("d\(number)", request: "same"))
                    }
                }
                return try await group.reduce(into: [DistributionCreation]()) { $0.append($1) }
            }
            #expect(made.count { $0.isNew } == 1)
            #expect(Set(made.map(\.distribution.id)).count == 1)
        }
    }

    @Test(arguments: StoreFactory.all)
    func `Pages are newest first and stay stable while records come`(factory: StoreFactory) async throws {
        try await withStore(factory) { (store) async throws -> Void in
            for number in 10..<35 {
                try await create(store, Samples.distribution("d\(number)", at: Int64(number / 3)))
            }
            var names: [String] = []
            var token: String?
            repeat {
                let page = try await store.distributions(PageRequest(size: 4, token: token))
                names += page.records.map(\.id.text)
                token = page.nextToken
                try await create(store, Samples.distribution("new-\(names.count)", at: 1000))
            } while token != nil
            #expect(names == (10..<35).reversed().map { "d\($0)" })
            await expectError(.invalidArgument) { try await store.distributions(PageRequest(token: "xyz")) }
            let origins = try await store.origins(PageRequest(size: 1))
            #expect(origins.records == [Samples.origin] && origins.nextToken == nil)
        }
    }

    @Test(arguments: StoreFactory.all)
    func `Usage is added once for each node and sequence`(factory: StoreFactory) async throws {
        try await withStore(factory) { (store) async throws -> Void in
            #expect(try await store.addUsage(Samples.usage(1, bytes: 100)))
            #expect(try await !store.addUsage(Samples.usage(1, bytes: 100)))
            let repeated = [Samples.usage(1, bytes: 100), Samples.usage(2, bytes: 7), Samples.usage(2, bytes: 7)]
            #expect(try await store.addUsage(repeated) == 1)
            #expect(try await store.addUsage(Samples.usage(1, bytes: 5, node: "n2")))
            #expect(try await store.ledger(of: Samples.origin.id).map(\.bytes.rawValue) == [107, 5])
            let ofOne: DistributionID = Samples.id("d1")
            #expect(try await store.ledger(of: ofOne).count == 2)
            #expect(try await store.lastUsageSequence(of: Samples.id("n1")) == 2)
            #expect(try await store.addUsage(Samples.usage(3, bytes: .max)))
            #expect(try await store.addUsage(Samples.usage(4, bytes: .max)))
            #expect(try await store.ledger(of: Samples.origin.id)[0].bytes.rawValue == UInt64(Int64.max))
        }
    }

    @Test(arguments: StoreFactory.all)
    func `Concurrent usage of many nodes is neither lost nor doubled`(factory: StoreFactory) async throws {
        try await withStore(factory) { (store) async throws -> Void in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for node in 0..<8 {
                    for _ in 0..<2 {
                        group.addTask {
                            for sequence in 1...20 {
                                let entry = Samples.usage(UInt64(sequence), bytes: 3, node: "n\(node)")
                                try await store.addUsage(entry)
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            let sums = try await store.ledger(of: Samples.origin.id).map(\.bytes.rawValue)
            #expect(sums == Array(repeating: 60, count: 8))
        }
    }

    @Test(arguments: StoreFactory.all)
    func `Task updates only move forward`(factory: StoreFactory) async throws {
        try await withStore(factory) { (store) async throws -> Void in
            try await create(store, Samples.distribution("d1"), tasks: [Samples.task("t1", of: "d1")])
            let id: TaskID = Samples.id("t1")
            let second = TaskUpdate(id: id, revision: Revision(rawValue: 2), payload: [5])
            let newer = TaskUpdate(id: id, state: .running, status: TaskStatusUpdate(sequence: 2, payload: [2]))
            let older = TaskUpdate(id: id, state: .failed, status: TaskStatusUpdate(sequence: 1, payload: [1]))
            let missing = TaskUpdate(id: Samples.id("t9"), state: .failed)
            #expect(try await store.updateTasks([second, newer, older, missing]) == 3)
            let running = try #require(try await store.task(id))
            #expect(running.state == .running && running.status == [2] && running.payload == [5])
            let done = TaskUpdate(id: id, acknowledgedRevision: Revision(rawValue: 2), state: .completed)
            let undone = TaskUpdate(id: id, acknowledgedRevision: Revision(rawValue: 1), state: .running)
            try await store.updateTasks([done, undone])
            let ended = try #require(try await store.task(id))
            #expect(ended.state == .completed && ended.acknowledgedRevision == Revision(rawValue: 2))
            #expect(try await store.openTasks(of: Samples.id("n1")).isEmpty)
        }
    }

    @Test(arguments: StoreFactory.all)
    func `An ended distribution stays ended and frees its origin`(factory: StoreFactory) async throws {
        try await withStore(factory) { (store) async throws -> Void in
            try await create(store, Samples.distribution("d1"))
            await expectError(.conflict) { try await store.deleteOrigin(Samples.origin.id) }
            let id: DistributionID = Samples.id("d1")
            #expect(try await store.updateDistribution(id, state: .running, failure: "", endedAt: nil))
            #expect(try await store.updateDistribution(id, state: .cancelled, failure: "", endedAt: 20))
            #expect(try await !store.updateDistribution(id, state: .completed, failure: "", endedAt: 21))
            let ended = try await store.distribution(id)
            #expect(ended?.state == .cancelled && ended?.endedAt == 20)
            #expect(try await store.activeDistributions().isEmpty)
            await expectError(.notFound) {
                try await store.updateDistribution(Samples.id("d9"), state: .failed, failure: "x", endedAt: 1)
            }
            try await store.deleteOrigin(Samples.origin.id)
            await expectError(.notFound) { try await store.deleteOrigin(Samples.origin.id) }
        }
    }

    @Test(arguments: StoreFactory.all)
    func `Batches are kept once and a higher epoch hides the older`(factory: StoreFactory) async throws {
        try await withStore(factory) { (store) async throws -> Void in
            try await create(store, Samples.distribution("d1"))
            func batch(_ piece: UInt32, epoch: UInt64) -> HashBatchRecord {
                HashBatchRecord(
                    blob: Samples.blobID(1),
                    firstPiece: PieceIndex(rawValue: piece),
                    epoch: Epoch(rawValue: epoch),
                    encoded: [UInt8(piece)]
                )
            }
            try await store.appendBatches([batch(8, epoch: 1), batch(0, epoch: 1)])
            try await store.appendBatches([batch(8, epoch: 1)])
            #expect(try await store.batches(of: Samples.blobID(1)) == [batch(0, epoch: 1), batch(8, epoch: 1)])
            var blob = Samples.blob()
            blob.epoch = Epoch(rawValue: 2)
            blob.infoHashes = [UInt8(1), 2].compactMap { InfoHash(bytes: Array(repeating: $0, count: 20)) }
            blob.state = .finished
            try await store.updateBlob(blob)
            #expect(try await store.blob(blob.id) == blob)
            #expect(try await store.batches(of: blob.id).isEmpty)
            await expectError(.conflict) { try await store.updateBlob(Samples.blob()) }
            await expectError(.notFound) { try await store.updateBlob(Samples.blob(2)) }
            var orphan = batch(0, epoch: 1)
            orphan.blob = Samples.blobID(9)
            await expectError(.conflict) { try await store.appendBatches([orphan]) }
        }
    }

    @Test(arguments: StoreFactory.all)
    func `Older incarnations and lease epochs are refused`(factory: StoreFactory) async throws {
        try await withStore(factory) { (store) async throws -> Void in
            var node = NodeRecord(id: Samples.id("n1"), role: .agent, payload: [], incarnation: 5, lastSeenAt: 1)
            try await store.saveNode(node)
            node.incarnation = 4
            await expectError(.conflict) { try await store.saveNode(node) }
            try await store.nodesSeen([node.id: 9, Samples.id("n7"): 9])
            #expect(try await store.node(node.id)?.lastSeenAt == 9)
            #expect(try await store.nodes(PageRequest(), role: .relay).records.isEmpty)
            #expect(try await store.nodes(PageRequest(), role: nil).records.count == 1)
            let reserve = LeaseStateRecord(origin: Samples.origin.id, epoch: Epoch(rawValue: 2), reserve: [1])
            try await store.saveLeaseState(reserve)
            let older = LeaseStateRecord(origin: Samples.origin.id, epoch: Epoch(rawValue: 1), reserve: [2])
            await expectError(.conflict) { try await store.saveLeaseState(older) }
            #expect(try await store.leaseStates() == [reserve])
        }
    }

    @Test(arguments: StoreFactory.all)
    func `Two starts agree on a setting, and epochs only grow`(factory: StoreFactory) async throws {
        try await withStore(factory) { (store) async throws -> Void in
            async let one = store.settingOrInsert("seed", value: [1])
            async let two = store.settingOrInsert("seed", value: [2])
            #expect(try await one == two)
            try await store.saveSetting("seed", value: [3])
            #expect(try await store.setting("seed") == [3])
            #expect(try await store.setting("none") == nil)
            #expect(try await store.nextControlEpoch() < store.nextControlEpoch())
        }
    }
}
