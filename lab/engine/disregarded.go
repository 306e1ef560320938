package engine

import (
	"os"
	"path/filepath"

	"github.com/magiconair/properties"
)

// propertiesFile is where testcontainers' users set what it does, in their home.
const propertiesFile = ".testcontainers.properties"

// Disregarded is an engine that testcontainers would use instead, by a file of the user's; empty for none. It is not
// followed: images and nodes are on one engine.
func (p Place) Disregarded() string {
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	file, err := properties.LoadFile(filepath.Join(home, propertiesFile), properties.UTF8)
	if err != nil {
		return ""
	}
	for _, key := range []string{"tc.host", "docker.host"} {
		if other := file.GetString(key, ""); other != "" && other != p.Address {
			return other + ", which " + key + " in ~/" + propertiesFile + " names"
		}
	}
	return ""
}
