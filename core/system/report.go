// Package system is how the installation itself is doing: its database, disk,
// address, plugins, backups. Adapters gather Facts; Judge makes findings of
// them, each a sentence of what is wrong and one of what to do, in English and
// Chinese; Service says who may see how much of them.
package system

import (
	"slices"
	"time"
)

// Level is how bad a finding is.
type Level string

// The levels, in rising order.
const (
	OK      Level = "ok"
	Warning Level = "warning" // works now, and will not always
	Problem Level = "problem" // something does not work
)

func (l Level) rank() int { return slices.Index([]Level{OK, Warning, Problem}, l) }

// Worse returns the worse of two levels.
func (l Level) Worse(other Level) Level {
	if other.rank() > l.rank() {
		return other
	}
	return l
}

// Area is a part of the installation.
type Area string

// The areas, in the order to show them.
const (
	AreaServer   Area = "server"
	AreaDatabase Area = "database"
	AreaDisk     Area = "disk"
	AreaBackup   Area = "backup"
	AreaAddress  Area = "address"
	AreaSocket   Area = "socket"
	AreaClock    Area = "clock"
	AreaPlugins  Area = "plugins"
	AreaSecrets  Area = "secrets"
	AreaLimits   Area = "limits"
	AreaMail     Area = "mail"
	AreaFiles    Area = "files"
	AreaSound    Area = "sound"
)

// Areas lists the areas in the order to show them.
func Areas() []Area {
	return []Area{AreaServer, AreaDatabase, AreaDisk, AreaBackup, AreaAddress, AreaSocket, AreaClock, AreaPlugins, AreaSecrets, AreaLimits, AreaMail, AreaFiles, AreaSound}
}

// Finding is one thing that was looked at.
type Finding struct {
	Code  string // stable: "disk.full"; its sentences are in words.go
	Area  Area
	Level Level
	Facts map[string]string // what fills the places of the sentences
}

// Report is one examination.
type Report struct {
	At       time.Time
	Version  string
	Findings []Finding // by area
	Partial  bool      // sentences are left out: the reader may not know them
}

// Level is that of the worst finding.
func (r Report) Level() Level {
	level := OK
	for _, f := range r.Findings {
		level = level.Worse(f.Level)
	}
	return level
}

// partial returns what may be known of the installation by somebody who does
// not run it: how each area is, and no more.
func (r Report) partial() Report {
	out := Report{At: r.At, Partial: true}
	for _, area := range Areas() {
		level, seen := OK, false
		for _, f := range r.Findings {
			if f.Area == area {
				level, seen = level.Worse(f.Level), true
			}
		}
		if seen {
			out.Findings = append(out.Findings, Finding{Code: "area." + string(level), Area: area, Level: level})
		}
	}
	return out
}
