import Collection
import RemoteWrite
import TimeSeries

/// One destination of samples: where, which ones, how fast. Durations are in milliseconds.
public struct DeliveryConfiguration: Sendable, Equatable {
  /// Which series are sent.
  public enum Selection: String, Sendable, CaseIterable {
    /// Those that rules make: recorded series, forecasts, anomaly scores, alerts.
    case recorded
    /// Everything that comes into the store.
    case all
  }

  /// How samples are written.
  public enum Format: Sendable, Equatable {
    case remoteWrite(WriteProtocol, metadata: MetadataSettings)
    case influxDB(InfluxDBTarget)
  }

  /// Tells destinations apart, in metrics and in the store's file.
  public var name: String
  /// The whole address of remote-write, or the server of InfluxDB.
  public var url: String
  public var format: Format
  public var selection = Selection.recorded
  /// How to speak HTTP to the receiver.
  public var access = HTTPAccess()
  /// For one request.
  public var timeout: Int64 = 30_000
  /// What becomes of the labels of a series on its way; a series may be dropped.
  public var relabelRules: [RelabelRule] = []
  public var queue = QueueSettings()
  /// What was accepted but has no effect, one readable line each.
  public var remarks: [String] = []

  public init(name: String, url: String, format: Format) {
    self.name = name
    self.url = url
    self.format = format
  }

  /// The name of its feed in the store's file.
  public var feedName: String {
    switch format {
    case .remoteWrite: "remote_write/\(name)"
    case .influxDB: "influxdb/\(name)"
    }
  }
}

/// `metadata_config`: whether and how often a 1.0 receiver is told what metrics are; 2.0 has it in each request.
public struct MetadataSettings: Sendable, Equatable {
  public var isSent = true
  /// In milliseconds.
  public var interval: Int64 = 60_000

  public init() {}
}

/// `queue_config`, with Prometheus's defaults. Durations are in milliseconds.
public struct QueueSettings: Sendable, Equatable {
  /// How many samples of a shard wait in memory; all others wait on disk.
  public var capacity = 10_000
  public var minimumShards = 1
  public var maximumShards = 50
  public var samplesPerRequest = 2_000
  /// How long a sample waits for a request to become full.
  public var sendDeadline: Int64 = 5_000
  public var minimumBackoff: Int64 = 30
  public var maximumBackoff: Int64 = 5_000
  /// Whether status 429 means to try again.
  public var retriesTooManyRequests = true
  /// Older samples are dropped; nil for none.
  public var ageLimit: Int64?

  public init() {}
}

/// Where in an InfluxDB samples go.
public struct InfluxDBTarget: Sendable, Equatable {
  /// 1.x: `/write` with a database.
  public struct Database: Sendable, Equatable {
    public var name: String
    public var retentionPolicy: String?
  }

  /// 2.x: `/api/v2/write` with an organization and a bucket.
  public struct Bucket: Sendable, Equatable {
    public var organization: String
    public var name: String
  }

  public enum Place: Sendable, Equatable {
    case database(Database)
    case bucket(Bucket)
  }

  public var place: Place
  /// The field that holds the value.
  public var field = "value"
}
