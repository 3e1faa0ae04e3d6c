# Sourced from the root of the repository by the scripts that install with uv: `$uv` is the one that scripts/setup.sh fetches.
uv=$PWD/.tools/uv-$(sed -n "s/^uv_version=//p" scripts/setup.sh)/bin/uv
# The system's certificates: a company's proxy signs with an authority of its own, which only the system knows.
export UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-1}"
export UV_HTTP_TIMEOUT="${UV_HTTP_TIMEOUT:-180}"
export UV_PYTHON_DOWNLOADS=never
export UV_LINK_MODE="${UV_LINK_MODE:-copy}"
