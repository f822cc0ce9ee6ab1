"""Tests of tools/tidy: each rule is shown a breach and its lawful twin."""
import importlib.machinery
import importlib.util
import unittest
from pathlib import Path

loader = importlib.machinery.SourceFileLoader("tidy", str(Path(__file__).resolve().parent.parent / "tidy"))
spec = importlib.util.spec_from_loader("tidy", loader)
tidy = importlib.util.module_from_spec(spec)
import sys

sys.modules["tidy"] = tidy
loader.exec_module(tidy)


def rules(path, text):
    report = tidy.Report()
    tidy.check_file(path, text, report)
    return [finding.rule for finding in report.findings]


class TidyTests(unittest.TestCase):
    def test_an_import_beyond_the_map_is_found(self):
        self.assertEqual(rules("Sources/Leases/Book/LeaseBook.swift", "import NIOCore\n"), ["import"])
        self.assertEqual(rules("Sources/Leases/Book/LeaseBook.swift", "package import Units\n"), [])

    def test_neighbours_do_not_know_each_other(self):
        self.assertEqual(rules("Sources/HTTP/HTTPServer.swift", "internal import Swarm\n"), ["import"])
        self.assertEqual(rules("Sources/Download/A.swift", "import BitTorrent\n"), ["import"])

    def test_an_import_of_one_declaration_counts(self):
        self.assertEqual(rules("Sources/Units/A.swift", "import struct Foundation.Date\n"), ["import"])

    def test_a_test_program_has_a_row_too(self):
        self.assertEqual(rules("Tests/InteropPeer/SluiceInterop/A.swift", "import Control\n"), ["import"])
        self.assertEqual(rules("Tests/InteropPeer/SluiceInterop/A.swift", "import RPC\n"), [])
        self.assertEqual(rules("Tests/InteropPeer/SluiceInterop/A.swift", "let p = unsafe bytes.pointer\n"), ["unsafe"])
        self.assertEqual(rules("Tests/RPCTests/A.swift", "import Control\n"), [])

    def test_clocks_and_tasks_below_the_border_are_found(self):
        self.assertEqual(rules("Sources/Leases/A.swift", "let t = ContinuousClock.now\n"), ["border"])
        self.assertEqual(rules("Sources/Leases/A.swift", "// ContinuousClock.now is banned here\n"), [])
        self.assertEqual(rules("Sources/Transport/A.swift", "let t = ContinuousClock.now\n"), [])

    def test_unsafe_outside_wrappers_is_found(self):
        self.assertEqual(rules("Sources/Node/A.swift", "let p = unsafe bytes.pointer\n"), ["unsafe"])
        self.assertEqual(rules("Sources/Control/A.swift", "let p: OpaquePointer\n"), ["unsafe"])
        self.assertEqual(rules("Sources/HTTP/A.swift", "let p = unsafe bytes.pointer\n"), [])

    def test_long_files_and_functions_are_found(self):
        body = "".join(f"    let a{n} = {n}\n" for n in range(70))
        self.assertEqual(rules("Sources/Node/A.swift", "func long() {\n" + body + "}\n"), ["length"])
        self.assertEqual(rules("Sources/Node/A.swift", "let a = 1\n" * 501), ["length"])
        short = "".join(f"func f{n}() {{\n    go()\n}}\n" for n in range(40))
        self.assertEqual(rules("Sources/Node/A.swift", short), [])

    def test_a_function_whose_parameters_span_lines_is_measured(self):
        body = "".join(f"        let a{n} = {n}\n" for n in range(70))
        text = "struct A {\n    func long(\n        a: Int\n    ) {\n" + body + "    }\n}\n"
        self.assertEqual(rules("Sources/Node/A.swift", text), ["length"])

    def test_names_that_say_nothing_are_found(self):
        self.assertEqual(rules("Sources/Node/LinkManager.swift", "let a = 1\n"), ["name"])
        self.assertEqual(rules("Sources/Node/Link.swift", "let a = 1\n"), [])

    def test_a_todo_names_its_issue(self):
        self.assertEqual(rules("Sources/Node/A.swift", "// TODO: later\n"), ["todo"])
        self.assertEqual(rules("Sources/Node/A.swift", "// TODO(#12): later\n"), [])

    def test_unchecked_sendable_wants_a_proof(self):
        self.assertEqual(rules("Sources/Node/A.swift", "final class A: @unchecked Sendable {}\n"), ["unproven"])
        self.assertEqual(rules("Sources/Node/A.swift", "// One loop owns it.\nfinal class A: @unchecked Sendable {}\n"), [])

    def test_sleeping_tests_are_found(self):
        self.assertEqual(rules("Tests/NodeTests/A.swift", "try await Task.sleep(for: .seconds(1))\n"), ["sleep"])

    def test_generated_files_are_left_out(self):
        self.assertEqual(rules("Sources/Node/A.swift", "// Generated from a.proto\nimport Swarm2\n"), [])

    def test_a_dependency_beyond_the_map_is_found(self):
        report = tidy.Report()
        targets = [{"name": name, "type": "regular", "dependencies": []} for name in tidy.MODULE_MAP]
        tidy.check_manifest({"targets": targets}, report)
        self.assertEqual(report.findings, [])
        targets[0]["dependencies"] = [{"byName": ["GRDB", None]}]
        tidy.check_manifest({"targets": targets}, report)
        self.assertEqual([f.rule for f in report.findings], ["manifest"])

    def test_a_stray_folder_is_found(self):
        report = tidy.Report()
        tidy.check_top_level(["docs/a.md", "Sources/A/a.swift", ".ci/run", "README.md"], report)
        self.assertEqual([f.path for f in report.findings], ["docs"])


if __name__ == "__main__":
    unittest.main()
