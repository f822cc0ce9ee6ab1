import Testing
import Units

@testable import Store

@Suite struct TaskUpdateTests {
    private func completed() -> TaskRecord {
        var task = Samples.task("t1", of: "d1")
        task.state = .completed
        task.statusSequence = 4
        return task
    }

    @Test func `a status does not open a task that has ended`() {
        let late = TaskStatusUpdate(sequence: 5, payload: [1])
        let update = TaskUpdate(id: completed().id, state: .running, status: late)
        let changed = completed().applying(update)
        #expect(changed.state == .completed && changed.statusSequence == 5)
    }

    @Test func `other work opens it again, an older revision does not`() {
        let task = completed()
        let (older, next) = (task.revision, task.revision.next)
        let again = TaskUpdate(id: task.id, revision: next, payload: [7], state: .running)
        #expect(task.applying(again).state == .running && task.applying(again).payload == [7])
        let stale = TaskUpdate(id: task.id, revision: older, payload: [7], state: .running)
        #expect(task.applying(stale) == task)
    }
}
