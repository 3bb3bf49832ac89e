# Completion of shoal for fish: commands, options, files, and the names of shares that the running peer lists.
# Installed as share/fish/vendor_completions.d/shoal.fish; it asks the program itself, so it knows nothing twice.

function __shoal_complete
    set -l typed (commandline -opc)
    set -l word (commandline -ct)
    set -l program $typed[1]
    set -l before $typed[-1]
    set -l command
    set -l about
    # The command, and which peer the line speaks of.
    set -l at 2
    while test $at -le (count $typed)
        switch $typed[$at]
            case --state --config
                set -l next (math $at + 1)
                if test $next -le (count $typed)
                    set -a about $typed[$at] $typed[$next]
                end
                set at $next
            case '--state=*' '--config=*'
                set -a about $typed[$at]
            case --log-level --log-format
                set at (math $at + 1)
            case '-*'
            case '*'
                test -n "$command"; or set command $typed[$at]
        end
        set at (math $at + 1)
    end
    if contains -- $before --dir --share --state --config --dump --output -o --key --cert --cert-key --token --sign --trust
        __fish_complete_path $word
    else if test "$before" = --log-level
        printf '%s\n' trace debug info warn error off
    else if test "$before" = --log-format
        printf '%s\n' text json
    else if string match -q -- '-*' $word
        test -n "$command"; or set command status
        $program help $command 2>/dev/null | string replace -rf '^  (?:-[a-z] \[ )?(--[a-z][a-z-]*)(?: \])?(?: [A-Z:]+)? *(.*)' '$1\t$2'
    else if test -z "$command"; or test "$command" = help
        $program help 2>/dev/null | sed -n '/^Commands:/,/^$/p' | string replace -rf '^  ([a-z]+) +(.*)' '$1\t$2'
    else if contains -- $command add share keygen
        __fish_complete_path $word
    else
        $program list --json $about 2>/dev/null | string match -rag '"name":"([^"\\\\]*)"'
    end
end

complete -c shoal -f -a '(__shoal_complete)'
