#!/bin/sh
# Installs Infernet for the person who runs it, without root: a virtual environment of its own under
# ~/.infernet and one command in ~/.local/bin. Running it again is safe and quick. A manifest lists all
# that it makes, so that --uninstall removes an interrupted install as well as a finished one.
# Narration goes to stderr; stdout belongs to the answer of --try. Exit codes are those of `infernet`.
set -eu

# The wheel or source archive that a copy of this file without a checkout installs. Set at a release.
RELEASE_URL=${INFERNET_RELEASE_URL:-}
# What a fresh environment needs on disk, with room for pip to unpack.
NEEDED_MIB=450
SHIM_MARK="# Written by Infernet's install.sh; 'install.sh --uninstall' removes it."

usage() {
    cat <<'END'
Install Infernet for this user. No root, no other tools than Python 3.11 or newer.

  ./install.sh                  install or upgrade from this checkout
  ./install.sh --try ["PROMPT"] install, then send one prompt through a whole network on this machine
  ./install.sh --test           development environment in .venv, then every check and test
  ./install.sh --uninstall      remove exactly what was installed; configuration and keys stay
  ./install.sh --help           this text

Environment:
  PYTHON                the interpreter to use, instead of the newest one found
  INFERNET_HOME         where the environment lives (~/.infernet)
  INFERNET_BIN_DIR      where the command goes (~/.local/bin)
  INFERNET_RELEASE_URL  wheel or source archive to install when there is no checkout
END
}

say() { printf '%s\n' "$*" >&2; }

die() { # CODE WORDS...
    code=$1
    shift
    printf 'install.sh: %s\n' "$1" >&2
    shift
    for line; do printf '  %s\n' "$line" >&2; done
    exit "$code"
}

# Leaving: nothing half-made stays behind, whatever ended the run.

half_made=
lock=
scratch_log=

leave() {
    status=$?
    trap - EXIT
    if [ -n "$half_made" ]; then rm -rf "$half_made"; fi
    if [ -n "$lock" ]; then rm -rf "$lock"; fi
    if [ -n "$scratch_log" ]; then rm -f "$scratch_log"; fi
    exit "$status"
}

interrupted() { # CODE
    trap '' INT TERM HUP
    say ""
    say "Interrupted.${half_made:+ The half-made environment is removed; run it again any time.}"
    exit "$1"
}

absolute() { # PATH
    case $1 in
    /*) printf '%s\n' "$1" ;;
    *) printf '%s/%s\n' "$(pwd)" "$1" ;;
    esac
}

find_places() {
    if [ -z "${HOME:-}" ]; then
        HOME=$(eval "printf '%s' ~$(id -un)")
        [ -d "$HOME" ] || die 2 "HOME is not set, and this account has no home folder." \
            "Say where to install: HOME=/some/folder ./install.sh"
        export HOME
    fi
    home=$(absolute "${INFERNET_HOME:-$HOME/.infernet}")
    bin_dir=$(absolute "${INFERNET_BIN_DIR:-$HOME/.local/bin}")
    config_dir=${XDG_CONFIG_HOME:-$HOME/.config}/infernet
    environment=$home/venv
    manifest=$home/manifest
    log=$home/install.log
    shim=$bin_dir/infernet
    checkout=
    if [ -f "$0" ]; then
        checkout=$(cd -- "$(dirname -- "$0")" && pwd -P)
        grep -qs '^name = "infernet"$' "$checkout/pyproject.toml" || checkout=
    fi
}

is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

can_make_environments() { "$1" -c 'import ensurepip, venv' 2>/dev/null; }

version_of() { "$1" -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])'; }

find_python() {
    python=
    newest_without_venv=
    if [ -n "${PYTHON:-}" ]; then
        set -- "$PYTHON"
    else
        set -- python3.13 python3.12 python3.11 python3 python3.14 python
    fi
    for candidate; do
        is_new_enough "$candidate" || continue
        if can_make_environments "$candidate"; then
            python=$(command -v "$candidate")
            return
        fi
        newest_without_venv=${newest_without_venv:-$candidate}
    done
    if [ -n "$newest_without_venv" ]; then
        version=$(version_of "$newest_without_venv")
        die 6 "Python $version is here, but it cannot make virtual environments." \
            "Its venv and ensurepip modules come in a package of their own:" \
            "$(package_line "${version%.*}")"
    fi
    found=$("${PYTHON:-python3}" --version 2>&1) || found=none
    die 6 "Infernet needs Python 3.11 or newer (found: $found)." "$(package_line "")" \
        "If you have one elsewhere: PYTHON=/path/to/python3 ./install.sh"
}

package_line() { # VERSION-WITHOUT-VENV, or nothing when there is no Python at all
    sudo='sudo '
    if [ "$(id -u)" = 0 ]; then sudo=; fi
    has() { command -v "$1" >/dev/null 2>&1; }
    if has apt-get; then
        if [ -n "$1" ]; then printf '%s\n' "${sudo}apt-get install python$1-venv"
        elif has python3; then printf '%s\n' "${sudo}apt-get install python3.11 python3.11-venv"
        else printf '%s\n' "${sudo}apt-get install python3 python3-venv"; fi
    elif has dnf; then printf '%s\n' "${sudo}dnf install python3.12"
    elif has pacman; then printf '%s\n' "${sudo}pacman -S python"
    elif has apk; then printf '%s\n' "${sudo}apk add python3"
    elif has zypper; then printf '%s\n' "${sudo}zypper install python311"
    elif has brew; then printf '%s\n' "brew install python@3.13"
    else printf '%s\n' "Get it from https://www.python.org/downloads/"; fi
}

# What is made is recorded in the manifest, so that it can be removed.

record() { # KIND PATH
    grep -Fqxs "$1 $2" "$manifest" || printf '%s %s\n' "$1" "$2" >>"$manifest"
}

make_folder() { # PATH; prints each folder that had to be made, outermost first
    [ -d "$1" ] && return
    make_folder "$(dirname -- "$1")" || return
    mkdir -- "$1" && printf '%s\n' "$1"
}

need_writable() { # PATH VARIABLE
    if ! made=$(make_folder "$1" 2>&1) || [ ! -w "$1" ]; then
        die 1 "Cannot write to $1." \
            "Free it, or choose another place: $2=/some/folder ./install.sh"
    fi
}

need_space() { # PATH, which need not exist yet
    place=$1
    while [ ! -d "$place" ]; do place=$(dirname -- "$place"); done
    free_mib=$(df -Pk "$place" 2>/dev/null | awk 'NR == 2 { print int($4 / 1024) }')
    if [ "${free_mib:-$NEEDED_MIB}" -lt "$NEEDED_MIB" ]; then
        die 1 "Not enough room in $1: $free_mib MiB free, about $NEEDED_MIB MiB needed." \
            "Free some, or choose another place: INFERNET_HOME=/some/folder ./install.sh"
    fi
}

record_folders() { # LINES
    printf '%s\n' "$1" | while IFS= read -r folder; do
        [ -z "$folder" ] || record dir "$folder"
    done
}

prepare_home() {
    need_writable "$home" INFERNET_HOME
    take_lock
    { : >>"$manifest"; } 2>/dev/null || die 1 "Cannot write $manifest: is it someone else's?"
    record_folders "$made"
    record file "$log"
    record tree "$environment"
}

take_lock() {
    if ! mkdir "$home/lock" 2>/dev/null; then
        owner=$(cat "$home/lock/pid" 2>/dev/null || :)
        if [ -n "$owner" ] && kill -0 "$owner" 2>/dev/null; then
            die 10 "Another install.sh (process $owner) is at work in $home." "Wait for it to end."
        fi
        rm -rf "$home/lock"
        mkdir "$home/lock" || die 1 "Cannot write to $home."
    fi
    lock=$home/lock
    echo $$ >"$lock/pid"
}

quietly() { # COMMAND...; its words go to the log
    "$@" >>"$log" 2>&1 </dev/null
}

failed() { # WHAT
    scratch_log=
    say ""
    tail -n 15 "$log" 2>/dev/null | sed 's/^/  | /' >&2
    if grep -qs 'No space left on device' "$log"; then
        die 1 "$1: the disk is full." "Free some room and run it again."
    fi
    die 1 "$1. The end of its log is above." \
        "Is there a network, or a package index that pip can reach? Whole log: $log"
}

# An environment carries a stamp from birth. Line 1: its path once it is usable, since it breaks when
# it is moved. Line 2: the fingerprint of what is installed, there only while that is whole.

is_ours() { [ -e "$1/infernet-stamp" ]; }

works() { # ENVIRONMENT
    is_ours "$1" && [ "$(sed -n 1p "$1/infernet-stamp")" = "$1" ] && is_new_enough "$1/bin/python"
}

is_current() { # ENVIRONMENT FINGERPRINT
    works "$1" && [ "$(sed -n 2p "$1/infernet-stamp")" = "$2" ]
}

begin_environment() { # PATH; keeps one that works
    if ! works "$1"; then
        say "Python            $(version_of "$python") ($python)"
        rm -rf "$1"
        half_made=$1
        mkdir -- "$1"
        echo unfinished >"$1/infernet-stamp"
        quietly "$python" -m venv "$1" || failed "The virtual environment could not be made"
    fi
    printf '%s\n' "$1" >"$1/infernet-stamp"
}

finish_environment() { # PATH FINGERPRINT
    printf '%s\n' "$2" >>"$1/infernet-stamp"
    half_made=
}

source_fingerprint() {
    if [ -z "$checkout" ]; then
        printf '%s\n' "$RELEASE_URL"
        return
    fi
    cd "$checkout"
    find pyproject.toml README.md infernet_protocol infernet_server infernet_tui themes \
        -type f ! -name '*.pyc' -exec cksum {} + | LC_ALL=C sort | cksum
}

choose_source() {
    if [ -n "$checkout" ]; then
        origin="this checkout" requirement=$checkout
    elif [ -n "$RELEASE_URL" ]; then
        origin=$RELEASE_URL requirement="infernet @ $RELEASE_URL"
    else
        die 6 "There is no release to download yet, and this is not a checkout." \
            "Clone the repository and run ./install.sh in it," \
            "or name a wheel: INFERNET_RELEASE_URL=https://… sh install.sh"
    fi
}

install_package() {
    fingerprint=$(source_fingerprint)
    if is_current "$environment" "$fingerprint"; then
        say "Environment       $environment (unchanged)"
        return
    fi
    : >"$log"
    begin_environment "$environment"
    say "Installing from   $origin (a minute the first time)"
    # No cache: it would stay behind in the home folder, and an upgrade fetches next to nothing.
    quietly "$environment/bin/python" -m pip install --no-cache-dir \
        --compile "$requirement" || failed "Installing Infernet failed"
    finish_environment "$environment" "$fingerprint"
    say "Environment       $environment"
    node=$(cat "$config_dir/daemon.pid" 2>/dev/null || :)
    if [ -n "$node" ] && kill -0 "$node" 2>/dev/null; then
        say "A node runs (process $node), still from the old files: infernet stop && infernet start"
    fi
}

is_our_shim() { [ -f "$1" ] && [ "$(sed -n 2p "$1" 2>/dev/null)" = "$SHIM_MARK" ]; }

keep_foreign_command() {
    if { [ -e "$shim" ] || [ -L "$shim" ]; } && ! is_our_shim "$shim"; then
        die 10 "$shim exists and was not written by this installer; it stays as it is." \
            "Move it away (mv '$shim' '$shim.old') or choose another folder:" \
            "INFERNET_BIN_DIR=/some/folder ./install.sh"
    fi
}

write_shim() {
    record file "$shim"
    quoted=$(printf '%s' "$environment/bin/infernet" | sed "s/'/'\\\\''/g")
    temporary=$bin_dir/.infernet.$$
    if ! {
        printf '#!/bin/sh\n%s\nexec %s "$@"\n' "$SHIM_MARK" "'$quoted'" >"$temporary" &&
            chmod 755 "$temporary" && mv -f "$temporary" "$shim"
    }; then
        rm -f "$temporary"
        die 1 "Cannot write $shim." "The environment is ready: run $environment/bin/infernet"
    fi
    say "Command           $shim"
}

say_path() {
    case :$PATH: in
    *":$bin_dir:"*)
        first=$(command -v infernet 2>/dev/null || :)
        [ "$first" = "$shim" ] || say "Note: $first comes before it on your PATH."
        return
        ;;
    esac
    say "$bin_dir is not on your PATH. Add it, then open a new terminal:"
    login_shell=${SHELL:-sh}
    case ${login_shell##*/} in
    fish) say "  fish_add_path '$bin_dir'" ;;
    zsh) say "  echo 'export PATH=\"$bin_dir:\$PATH\"' >> ~/.zshrc" ;;
    bash) say "  echo 'export PATH=\"$bin_dir:\$PATH\"' >> ~/.bashrc" ;;
    *) say "  echo 'export PATH=\"$bin_dir:\$PATH\"' >> ~/.profile" ;;
    esac
}

install() {
    keep_foreign_command
    choose_source
    works "$environment" || {
        find_python
        need_space "$home"
    }
    prepare_home
    need_writable "$bin_dir" INFERNET_BIN_DIR
    record_folders "$made"
    install_package
    write_shim
    rm -rf "$lock"
    lock=
}

try_prompt() { # PROMPT
    install
    say ""
    status=0
    "$shim" try "$1" </dev/null || status=$?
    [ "$status" = 0 ] || exit "$status"
    if [ -t 0 ] && [ -t 2 ]; then
        printf '\nServe from this machine now, with "infernet up"? [y/N] ' >&2
        read -r answer || answer=
        case $answer in
        [yY] | [yY][eE][sS]) exec "$shim" up ;;
        esac
    fi
    say_path
}

check_and_test() {
    [ -n "$checkout" ] || die 2 "--test needs a checkout of the repository to test."
    cd "$checkout"
    environment=$checkout/.venv
    fingerprint=$(cksum <pyproject.toml)
    is_current "$environment" "$fingerprint" || make_development_environment
    PATH=$environment/bin:$PATH
    export PATH
    say "Checking          ruff, mypy, pytest (which runs import-linter)"
    ruff check .
    ruff format --check .
    mypy
    pytest
}

make_development_environment() {
    [ -w "$checkout" ] || die 1 "Cannot write to $checkout." "Clone it where you can, and test there."
    if [ -e "$environment" ] && ! is_ours "$environment"; then
        die 10 "$environment exists and was not made by this script." \
            "Move it away, then run ./install.sh --test again."
    fi
    scratch_log=$(mktemp "${TMPDIR:-/tmp}/infernet-install.XXXXXX")
    log=$scratch_log
    works "$environment" || find_python
    begin_environment "$environment"
    say "Installing        the project and its development tools"
    pip() { quietly "$environment/bin/python" -m pip "$@"; }
    pip install 'pip>=25.1' || failed "Upgrading pip failed"
    pip install --editable . --group dev || failed "Installing the development tools failed"
    finish_environment "$environment" "$fingerprint"
}

uninstall() {
    if [ -e "$manifest" ]; then
        if [ -f "$config_dir/daemon.pid" ] && [ -x "$environment/bin/infernet" ]; then
            "$environment/bin/infernet" stop </dev/null >&2 || say "The running node did not stop."
        fi
        remove_recorded
        say "Removed what was installed in $home."
    else
        say "Nothing to remove: $manifest does not exist."
    fi
    if [ -n "$checkout" ] && is_ours "$checkout/.venv"; then
        rm -rf "$checkout/.venv"
        say "Removed the development environment $checkout/.venv."
    fi
    if [ -d "$config_dir" ]; then
        say "Your configuration and keys are untouched: $config_dir"
    fi
}

remove_recorded() {
    # Deepest first, so that the folders we made are empty when their turn comes.
    LC_ALL=C sort -r -k 2 "$manifest" | while read -r kind path; do
        case $kind in
        file)
            if [ "${path##*/}" = infernet ] && [ -e "$path" ] && ! is_our_shim "$path"; then
                say "$path is no longer ours; it stays."
            else
                rm -f -- "$path"
            fi
            ;;
        tree) rm -rf -- "$path" ;;
        esac
    done
    folders=$(sed -n 's/^dir //p' "$manifest" | LC_ALL=C sort -r)
    rm -f "$manifest"
    printf '%s\n' "$folders" | while IFS= read -r folder; do
        [ -z "$folder" ] || rmdir -- "$folder" 2>/dev/null || :
    done
}

main() {
    # What would bend a virtual environment or pip out of shape.
    unset PYTHONHOME PYTHONPATH PIP_TARGET PIP_PREFIX CDPATH
    export PIP_USER=0 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_PROGRESS_BAR=off
    trap leave EXIT
    trap 'interrupted 130' INT
    trap 'interrupted 143' TERM
    trap 'interrupted 129' HUP
    case ${1:-} in
    --help | -h)
        [ $# = 1 ] || die 2 "--help takes nothing more."
        usage
        return
        ;;
    --test | --uninstall) [ $# = 1 ] || die 2 "$1 takes nothing more." "See: ./install.sh --help" ;;
    --try) [ $# -le 2 ] || die 2 "Put the prompt in quotes: ./install.sh --try \"what is 2+2?\"" ;;
    '') [ $# = 0 ] || die 2 "An empty word is no option." "See: ./install.sh --help" ;;
    *) die 2 "Unknown option: $1" "See: ./install.sh --help" ;;
    esac
    find_places
    case ${1:-} in
    --test) check_and_test ;;
    --uninstall) uninstall ;;
    --try) try_prompt "${2:-what is 2+2?}" ;;
    *)
        install
        say_path
        say "Next: infernet up"
        ;;
    esac
}

# The whole file is read before anything runs: a download cut short does nothing.
main "$@"
