# bash completion of convert-legacy-stream and verify-stream-v2. Options, and most of their words, are
# what --help says.

# _legacy_stream_words COMMAND OPTION: the words that the option takes, or nothing
_legacy_stream_words()
{
    case "${1##*/} $2" in
    *" --progress")
        echo auto always never
        ;;
    *" --inspect")
        echo text xml json
        ;;
    *" --for")
        echo host 4.{6..22}
        ;;
    *" --repair")
        echo viridian tsc-mode xsave mce-caps fip-width kvmvapic vga-revision emulator
        ;;
    "verify-stream-v2 --format" | "verify-stream-v2 -f")
        echo auto libxc libxl xl libvirt
        ;;
    *)
        "$1" --help 2>/dev/null | grep -E -- "(^|[ ,])$2([][ ,=]|\$)" |
            sed -nE 's/^.*--[a-z-]+[][ =]+([a-z0-9]+(\|[a-z0-9]+)+).*/\1/p' | tr '|' ' '
        ;;
    esac
}

_legacy_stream()
{
    local command=$1 current=$2 previous=$3 words

    # --option=word comes as three words. A word that may be left out comes in no other way.
    if [[ $previous == = ]]; then
        previous=${COMP_WORDS[COMP_CWORD - 2]}
    elif [[ ${COMP_WORDS[COMP_CWORD]} != = && " --inspect --progress --checkpointed --repair " == *" $previous "* ]]; then
        previous=""
    fi
    if [[ $previous == -* ]]; then
        words=$(_legacy_stream_words "$command" "$previous")
    fi
    if [[ -n $words ]]; then
        :
    elif [[ $current == -* ]]; then
        words=$("$command" --help 2>/dev/null |
            sed -nE 's/^ +((-[a-zA-Z]), )?(--[a-z0-9-]+).*/\2 \3/p')
    else
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}

complete -F _legacy_stream convert-legacy-stream verify-stream-v2
