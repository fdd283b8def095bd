import math


def learning_rate(config, total_steps, steps_done):
    """As transformers' get_{constant,linear,cosine}_schedule_with_warmup: the first step of a warm-up has rate 0."""
    warmup, peak = config["warmup"], config["learningRate"]
    climb = warmup["steps"] if "steps" in warmup else math.ceil(total_steps * warmup["ratio"])
    if steps_done < climb:
        return peak * (steps_done / max(1, climb))
    progress = (steps_done - climb) / max(1, total_steps - climb)
    if config["schedule"] == "constant":
        return peak
    if config["schedule"] == "linear":
        return peak * max(0, 1 - progress)
    return peak * max(0, 0.5 * (1 + math.cos(math.pi * progress)))
