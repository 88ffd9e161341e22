//! The SDK's brain: inputs and now in, effects out.
