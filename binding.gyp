{
  # The conventional door to the build: it makes the same addon through the same CMake project.
  "targets": [
    {
      "target_name": "harmonic",
      "type": "none",
      "actions": [
        {
          "action_name": "cmake-js",
          "inputs": ["CMakeLists.txt"],
          "outputs": ["build/Release/harmonic.node"],
          "action": ["npx", "--no-install", "cmake-js", "build"]
        }
      ]
    }
  ]
}
