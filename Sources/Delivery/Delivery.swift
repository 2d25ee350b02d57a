/// What leaves Harecast: alerts for Alertmanager, samples for remote-write receivers and InfluxDB.
///
/// Each destination has a queue of its own and tries again until what was promised has arrived.
public enum Delivery {}
