/// A shell that commands are completed in.
package enum CompletedShell: String, CaseIterable, Sendable {
    case bash, zsh, fish

    /// The script that completes the program of `root`.
    package func script(for root: CompletionNode) -> String {
        let places = CompletionPlace.all(of: root)
        return switch self {
        case .bash: Self.bash(root.name, places)
        case .zsh: Self.zsh(root.name, places)
        case .fish: Self.fish(root.name, places)
        }
    }

    /// The shell's command that lists the names of a noun, one a line. What is no name of ours, a shell could take for
    /// something to run; a server that does not answer holds up nobody for long.
    private static func names(of noun: String, program: String) -> String {
        "timeout 3 \(program) \(noun) list --columns name --page-size 1000 2>/dev/null | tail -n +2"
            + " | grep -E '^[a-z0-9][a-z0-9-]*$'"
    }

    /// Walks the words to the command they lead to.
    private static func cases(_ places: [CompletionPlace]) -> String {
        places.dropFirst().map { "\"\($0.path)\"" }.joined(separator: "|")
    }

    private static func bash(_ name: String, _ places: [CompletionPlace]) -> String {
        var text = """
            # bash completion for \(name); load it with: source <(\(name) completions bash)
            _\(name)() {
                local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} place=\(name) words="" i
                for ((i = 1; i < COMP_CWORD; i++)); do
                    case "$place ${COMP_WORDS[i]}" in
                        \(cases(places))) place="$place ${COMP_WORDS[i]}" ;;
                    esac
                done
                COMPREPLY=()
                case "$place $prev" in

            """
        for place in places {
            for flag in place.node.flags where flag.takesValue {
                let pattern = "        \"\(place.path) \(flag.name)\")"
                // Without choices the shell's own completion of files goes.
                text +=
                    flag.choices.isEmpty
                    ? "\(pattern) return ;;\n"
                    : "\(pattern) COMPREPLY=($(compgen -W \"\(flag.choices.joined(separator: " "))\" -- \"$cur\")); return ;;\n"
            }
        }
        text += "    esac\n    case \"$place\" in\n"
        for place in places {
            let words = place.node.children.map(\.name) + place.node.flags.map(\.name)
            var line = "        \"\(place.path)\") words=\"\(words.joined(separator: " "))\""
            if let noun = place.node.namesOf {
                let names = names(of: noun, program: "\"${COMP_WORDS[0]}\"")
                line += "; [[ $cur == -* ]] || words=\"$words $(\(names))\""
            }
            text += line + " ;;\n"
        }
        return text + """
                esac
                COMPREPLY=($(compgen -W "$words" -- "$cur"))
            }
            complete -o default -F _\(name) \(name)

            """
    }

    private static func zsh(_ name: String, _ places: [CompletionPlace]) -> String {
        var text = """
            #compdef \(name)
            # zsh completion for \(name); load it with: source <(\(name) completions zsh)
            _\(name)() {
                local place=\(name) i
                local -a choices
                for ((i = 2; i < CURRENT; i++)); do
                    case "$place ${words[i]}" in
                        (\(cases(places))) place="$place ${words[i]}" ;;
                    esac
                done
                case "$place ${words[CURRENT-1]}" in

            """
        for place in places {
            for flag in place.node.flags where flag.takesValue {
                let pattern = "        (\"\(place.path) \(flag.name)\")"
                text +=
                    flag.choices.isEmpty
                    ? "\(pattern) _files; return ;;\n"
                    : "\(pattern) choices=(\(flag.choices.joined(separator: " "))); _describe value choices; return ;;\n"
            }
        }
        text += "    esac\n    case \"$place\" in\n"
        for place in places {
            let words = place.node.children.map { ($0.name, $0.help) } + place.node.flags.map { ($0.name, $0.help) }
            let list = words.map { quoted("\($0.0):\($0.1)", escape: "'\\''") }.joined(separator: " ")
            var line = "        (\"\(place.path)\") choices=(\(list))"
            if let noun = place.node.namesOf {
                let names = names(of: noun, program: "\"${words[1]}\"")
                line += "; [[ ${words[CURRENT]} == -* ]] || choices+=(${(f)\"$(\(names))\"})"
            }
            text += line + " ;;\n"
        }
        return text + """
                esac
                _describe command choices || _files
            }
            if [ "$funcstack[1]" = "_\(name)" ]; then _\(name) "$@"; else compdef _\(name) \(name); fi

            """
    }

    private static func fish(_ name: String, _ places: [CompletionPlace]) -> String {
        var text = """
            # fish completion for \(name); load it with: \(name) completions fish | source
            function __\(name)_place
                set -l place \(name)
                for word in (commandline -opc)[2..-1]
                    switch "$place $word"
                        case \(places.dropFirst().map { "'\($0.path)'" }.joined(separator: " "))
                            set place "$place $word"
                    end
                end
                echo $place
            end
            function __\(name)_names
                \(names(of: "$argv[1]", program: "(commandline -opc)[1]"))
            end

            """
        for place in places {
            let start = "complete -c \(name) -n 'test (__\(name)_place) = \"\(place.path)\"'"
            for child in place.node.children {
                text += "\(start) -f -a \(child.name) -d \(quoted(child.help, escape: "\\'"))\n"
            }
            if let noun = place.node.namesOf {
                text += "\(start) -f -a '(__\(name)_names \(noun))'\n"
            }
            for flag in place.node.flags {
                let isLong = flag.name.hasPrefix("--")
                var line = "\(start) \(isLong ? "-l" : "-s") \(flag.name.drop { $0 == "-" })"
                let choices = flag.choices.joined(separator: " ")
                if flag.takesValue { line += choices.isEmpty ? " -r" : " -xa '\(choices)'" }
                text += "\(line) -d \(quoted(flag.help, escape: "\\'"))\n"
            }
        }
        return text
    }

    /// A text in single quotes.
    private static func quoted(_ text: String, escape: String) -> String {
        // In fish a backslash escapes inside single quotes too; help has no use for one.
        "'" + text.replacing("\\", with: "/").replacing("'", with: escape).replacing("\n", with: " ") + "'"
    }
}
