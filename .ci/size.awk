# size.awk sums up the symbols of a program by module, the largest first, in kB. It reads two lists:
#   go list -deps -f '{{.ImportPath}} {{with .Module}}{{.Path}}{{else}}the standard library{{end}}' .
#   go tool nm -size -sort address PROGRAM

FNR == NR { path = $1; $1 = ""; module[path] = substr($0, 2); next }

$4 == "runtime.bss" { exit } # from here on nothing is in the file

# The linker's own symbols, such as type:* and go:func.*, are of no module.
$4 ~ /^(type|go):/ { sum["shared by all: types, tables of functions"] += $2; next }

{
	name = $4
	gsub(/%2e/, ".", name)
	sub(/\[.*/, "", name) # the arguments of a generic function are other packages'
	while (name != "" && !(name in module)) # the package is what comes before the name
		sub(/.[^.\/]*$/, "", name)
	sum[name == "" ? "the rest" : module[name]] += $2
}

END {
	for (m in sum) printf "%6.0f kB  %s\n", sum[m] / 1000, m | "sort -rn"
}
