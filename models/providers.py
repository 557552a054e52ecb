"""Where networks run: ONNX Runtime's execution providers, the fastest that is there first."""

from __future__ import annotations

from collections.abc import Sequence

CPU = "cpu"
AUTOMATIC = "auto"

# Fastest first. All are parts of other builds of ONNX Runtime (onnxruntime-gpu, -openvino,
# -directml; Core ML is in the plain one on macOS); the plain one has the last.
_PROVIDERS = {
    "cuda": "CUDAExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "directml": "DmlExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    CPU: "CPUExecutionProvider",
}

CHOICES = (AUTOMATIC, *_PROVIDERS)
"""Values of the setting index.provider."""


def available() -> tuple[str, ...]:
    """The short names of the providers that this ONNX Runtime has, the fastest first."""
    import onnxruntime

    there = onnxruntime.get_available_providers()
    return tuple(short for short, name in _PROVIDERS.items() if name in there)


def to_try(wanted: str, there: Sequence[str]) -> tuple[str, ...]:
    """The providers to try in turn for a wanted one ('auto': the fastest, and the CPU after it)."""
    if wanted == AUTOMATIC:
        return tuple(there)
    return (wanted,) if wanted in there else ()


def full_name(short: str) -> str:
    """ONNX Runtime's name of a provider."""
    return _PROVIDERS[short]


def short_name(full: str) -> str:
    """Our name of a provider."""
    return next((short for short, name in _PROVIDERS.items() if name == full), full)
