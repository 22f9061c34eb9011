# Set-up shared by script/run, script/test and .ci/run; POSIX sh, sourced with $root set.
# Creates .venv in the checkout and installs into it only what has changed since the last time;
# checks for the system libraries that Qt needs, and installs them if it is allowed to.

venv=$root/.venv
python=$venv/bin/python

say() { printf 'hwpoison-gui: %s\n' "$*" >&2; }

fail() {
    say "$@"
    exit 1
}

has_apt() { command -v apt-get >/dev/null 2>&1; }

# need_packages WHY PACKAGE...: installs Debian packages as root; otherwise prints the command and exits.
need_packages() {
    why=$1
    shift
    if [ "$(id -u)" -ne 0 ]; then
        fail "$why. Please run: sudo apt-get install -y $*"
    fi
    say "$why: installing $*"
    # update fails for a broken third-party source although the packages may be available.
    apt-get update -qq >&2 || say "apt-get update failed, going on"
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" >&2 ||
        fail "could not install them. Please see to it that this works: apt-get install -y $*"
}

# Prints the version of interpreter $1 as 3.N if it is recent enough.
recent_version() {
    "$1" -c 'import sys; v = sys.version_info[:2]; v >= (3, 11) and print("%d.%d" % v)' 2>/dev/null || :
}

can_make_venv() { "$1" -c 'import ensurepip, venv' 2>/dev/null; }

# Sets $base_python to a recent enough interpreter, preferably one that can create an environment.
find_python() {
    base_python=
    for candidate in ${PYTHON:+"$PYTHON"} python3.13 python3.12 python3.11 python3; do
        [ -n "$(recent_version "$candidate")" ] || continue
        if can_make_venv "$candidate"; then
            base_python=$candidate
            return
        fi
        base_python=${base_python:-$candidate}
    done
}

need_python() {
    find_python
    if [ -z "$base_python" ]; then
        say "needs Python 3.11 or newer and found none (tried python3.13, python3.12, python3.11, python3)."
        say "Debian 12, Ubuntu 24.04 and later: sudo apt-get install -y python3 python3-venv"
        say "Ubuntu 22.04: sudo apt-get install -y python3.11 python3.11-venv"
        fail "Another place: PYTHON=/path/to/python3 $0"
    fi
    can_make_venv "$base_python" && return
    version=$(recent_version "$base_python")
    why="$(command -v "$base_python") lacks the modules venv and ensurepip"
    # A Debian package only helps the system's interpreter.
    case $("$base_python" -c 'import sys; print(sys.base_prefix)') in
        /usr) has_apt && need_packages "$why" "python$version-venv" ;;
    esac
    can_make_venv "$base_python" || fail "$why. Install them, or name another: PYTHON=/path/to/python3 $0"
}

make_venv() {
    need_python
    say "making $venv with Python $(recent_version "$base_python")"
    "$base_python" -m venv --clear "$venv" || fail "could not make $venv"
}

# An environment cannot be moved, loses its interpreter in an upgrade, and may be incomplete.
usable_venv() {
    [ -x "$python" ] || return 1
    [ "$(cat "$venv/.made-in" 2>/dev/null || echo "$root")" = "$root" ] || return 1
    [ -n "$(recent_version "$python")" ] && "$python" -c 'import pip' 2>/dev/null
}

# Prints the requirements of the named dependency groups; pip supports groups only since 25.1.
requirements_of() {
    "$python" - "$root/pyproject.toml" "$@" <<'EOF'
import sys
import tomllib

with open(sys.argv[1], "rb") as file:
    groups = tomllib.load(file)["dependency-groups"]
for name in sys.argv[2:]:
    print("\n".join(groups[name]))
EOF
}

# Prints what the installed packages depend on, including the interpreter: when the system's Python is upgraded, the
# environment loses its packages.
stamp_now() {
    printf '%s %s %s' "$(cksum <"$root/pyproject.toml")" "$root" "$(readlink -f "$python" 2>/dev/null || :)"
}

install_packages() {
    usable_venv || make_venv
    say "installing packages into .venv: more than 100 MB, once and when pyproject.toml changes"
    rm -f "$venv"/.installed-*
    requirements_of "$@" >"$venv/.requirements"
    "$python" -m pip install --quiet --disable-pip-version-check -e "$root" -r "$venv/.requirements" ||
        fail "pip could not install the packages; what it says is above. It needs the network once."
    printf '%s\n' "$root" >"$venv/.made-in"
    stamp=$(stamp_now)
    for group in base "$@"; do
        printf '%s\n' "$stamp" >"$venv/.installed-$group"
    done
}

# ensure_packages [GROUP...]: installs or updates the program and the named dependency groups.
ensure_packages() {
    stamp=$(stamp_now)
    stale=
    for group in base "$@"; do
        installed=
        [ ! -f "$venv/.installed-$group" ] || read -r installed <"$venv/.installed-$group" || :
        [ "$installed" = "$stamp" ] || stale=yes
    done
    if [ -n "$stale" ] || [ ! -x "$python" ]; then
        install_packages "$@"
    fi
}

# ensure_qt_libraries [x11|wayland]: installs the system libraries that Qt needs; $reached says whether the
# X server answers.
ensure_qt_libraries() {
    reached=yes
    report=$("$python" -I -S "$root/script/qt_libraries.py" "$@") || return 0
    case $report in
        "") return ;;
        unreachable) reached=no && return ;;
    esac
    why="Qt needs libraries that are missing"
    libraries=$(printf '%s\n' "$report" | cut -d' ' -f1)
    packages=$(printf '%s\n' "$report" | cut -d' ' -f2 | sort -u)
    # Unquoted: split into words.
    if has_apt; then
        # shellcheck disable=SC2086
        need_packages "$why" $packages
        [ "$#" -eq 0 ] || ensure_reached "$@"
    elif command -v dnf >/dev/null 2>&1; then
        # shellcheck disable=SC2086
        fail "$why. Please run: sudo dnf install$(printf " '%s()(64bit)'" $libraries)"
    else
        # shellcheck disable=SC2086
        fail "$why. Please install what holds:$(printf ' %s' $libraries)"
    fi
}

ensure_reached() {
    [ "$("$python" -I -S "$root/script/qt_libraries.py" "$@")" != unreachable ] || reached=no
}
