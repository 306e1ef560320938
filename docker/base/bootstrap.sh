#!/bin/sh
# Bootstraps the base of the images from distribution packages: bootstrap.sh ARCHITECTURE OUTPUT.tar
#
# Nobody reads manuals in a lab, and no image outlives its build half done: without both, and without the syncs of dpkg, every
# image is smaller and built in half the time.
set -eu
exec mmdebstrap --quiet --format=tar --variant=apt --architectures="$1" \
	--dpkgopt=force-unsafe-io \
	--dpkgopt='path-exclude=/usr/share/man/*' \
	--dpkgopt='path-exclude=/usr/share/info/*' \
	--dpkgopt='path-exclude=/usr/share/locale/*' \
	--dpkgopt='path-exclude=/usr/share/doc/*' \
	--dpkgopt='path-include=/usr/share/doc/*/copyright' \
	--aptopt='APT::Install-Recommends "false"' \
	--aptopt='Acquire::Languages "none"' \
	--aptopt='Acquire::Retries "3"' \
	trixie "$2"
