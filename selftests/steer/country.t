#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# country.t: a real country database, fetched once into the build directory. It is not ours to keep.
set -u

here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "${BUILD:-$here/../../build}" && pwd)
package=@ip-location-db/geo-whois-asn-country-mmdb
file=$build/selftests/steer/country.mmdb

# Under its name only when it is whole.
fetch() {
	local dir
	dir=$(mktemp -d "$build/selftests/steer/fetch-XXXXXX") || return
	(cd "$dir" && timeout 300 npm pack --silent "$package" && tar xzf ./*.tgz) >&2 &&
		mv "$dir/package/geo-whois-asn-country.mmdb" "$file"
	local code=$?
	rm -rf "$dir"
	return $code
}

if [[ ! -s $file ]] && ! fetch; then
	echo "not ok 1 - npm fetches $package"
	echo "1..1"
	exit 1
fi
exec "$build/selftests/steer/country" "$file"
