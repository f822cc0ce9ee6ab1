"""bash, zsh and fish take the completions of `sluice completions` and complete with them."""
import os
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

from fleet import Fleet


def script(binary, shell):
    return subprocess.run([binary, "completions", shell], capture_output=True, text=True, check=True, timeout=20).stdout


def shell(*command, text=""):
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0 and not done.stderr, f"{command[0]} ended with {done.returncode}: {done.stderr}"
    return done.stdout


@contextmanager
def control_with_origins(binary):
    """A control server with two origins; the shells' own `sluice` reaches it."""
    kept = dict(os.environ)
    with Fleet(binary) as fleet:
        fleet.start_control()
        for name in ("files", "mirror"):
            fleet.run("origins", "create", name, "--base-urls", f"https://{name}.example/")
        os.environ.update(SLUICE_SERVER=fleet.listens["control"], PATH=f"{os.path.dirname(fleet.binary)}:{kept['PATH']}")
        try:
            yield
        finally:
            os.environ["PATH"] = kept["PATH"]
            del os.environ["SLUICE_SERVER"]


def case_bash(binary):
    """bash parses the script; nouns, verbs, flags, values and names of what control has complete."""
    made = script(binary, "bash")
    shell("bash", "-n", text=made)

    def complete(line):
        words = " ".join(f"'{word}'" for word in line.split(" "))
        return shell("bash", "-c", f"{made}\nCOMP_WORDS=({words})\nCOMP_CWORD=$(({len(line.split(' '))} - 1))\n"
                                   "_sluice\nprintf '%s\\n' \"${COMPREPLY[@]}\"").split()

    assert complete("sluice dis") == ["distributions"]
    assert {"create", "get", "list", "watch", "cancel"} <= set(complete("sluice distributions "))
    assert "--allow-private-addresses" in complete("sluice origins create files --allow")
    assert complete("sluice nodes list --role ") == ["relay", "agent"]
    assert complete("sluice nodes list --output y") == ["yaml"]
    assert "--listen" in complete("sluice control --l")
    assert complete("sluice context ren") == ["rename"] and complete("sluice context list -o j") == ["json"]
    assert complete("sluice nodes list -o ") == ["table", "json", "yaml"]
    assert complete("sluice nodes list --insecure") == ["--insecure-plaintext"]
    with control_with_origins(binary):
        assert complete("sluice origins get mir") == ["mirror"]
        assert {"files", "mirror", "--output"} <= set(complete("sluice origins delete "))
        assert complete("sluice origins get --wat") == [] and "files" not in complete("sluice origins create ")


def case_zsh(binary):
    """zsh parses the script, and loads it into its completion system."""
    made = script(binary, "zsh")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "_sluice"
        path.write_text(made)
        shell("zsh", "-f", "-n", str(path))
        shown = shell("zsh", "-f", "-c", f"fpath=({folder} $fpath); autoload -Uz compinit; compinit -u -D; "
                                         "print -- $_comps[sluice]")
        assert shown.split() == ["_sluice"], shown
        # What it would describe, with the function that shows it replaced by one that prints it.
        shown = shell("zsh", "-f", "-c", "compdef() { :; }; _describe() { print -l -- ${(P)2}; }; _files() { :; }; "
                                         f"source {path}; words=(sluice distributions ''); CURRENT=3; _sluice; "
                                         "words=(sluice nodes list --role ''); CURRENT=5; _sluice")
        lines = shown.split("\n")
        assert any(line.startswith("cancel:") for line in lines) and {"relay", "agent"} <= set(lines), shown
        with control_with_origins(binary):
            shown = shell("zsh", "-f", "-c", "compdef() { :; }; _describe() { print -l -- ${(P)2}; }; _files() { :; }; "
                                             f"source {path}; words=(sluice origins get ''); CURRENT=4; _sluice")
            assert {"files", "mirror"} <= set(shown.split("\n")), shown


def case_fish(binary):
    """fish parses the script; nouns, verbs, flags, values and names of what control has complete."""
    made = script(binary, "fish")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sluice.fish"
        path.write_text(made)
        shell("fish", "--no-config", "--no-execute", str(path))

        def complete(line):
            shown = shell("fish", "--no-config", "-c", f"source {path}; complete -C '{line}'")
            return [entry.split("\t")[0] for entry in shown.split("\n") if entry]

        assert complete("sluice dis") == ["distributions"], complete("sluice dis")
        assert {"create", "get", "list", "watch", "cancel"} <= set(complete("sluice distributions "))
        assert "--allow-private-addresses" in complete("sluice origins create files --allow")
        assert set(complete("sluice nodes list --role ")) == {"relay", "agent"}
        with control_with_origins(binary):
            assert {"files", "mirror"} <= set(complete("sluice origins get ")), complete("sluice origins get ")
