/// What is wrong, since when and how long there is left: incidents, the fate of queues, what blocks publishers.
public enum Operations {}
