package agent

// The settings of each agent, given as JSON in the environment variable topology.AgentConfigEnv. Durations are lab time, in
// nanoseconds as encoding/json writes a time.Duration.
