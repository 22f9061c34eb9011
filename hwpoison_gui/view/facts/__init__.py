"""Facts shown beside the map: the inspector, the sentence of a step, counters, and operation chips."""
