import Testing
import TimeSeries

@testable import PromQL

/// Values that Prometheus 3.5.3 gives on x86-64 and the system's library rounds the other way.
@Suite struct GoMathTests {
  @Test(arguments: [
    ("exp", -0.15195335039566515, 0.8590283531392219), ("exp", 3.836333279743746, 46.35519092202709),
    ("exp", -303.4600265775854, 1.6180240743887217e-132),
    ("ln", 0.48832196933881145, -0.7167803174483955), ("ln", 6.309490739479511, 1.8420549663990786),
    ("log2", 1.2388762497493726, 0.30903208514648284), ("log2", 0.28946421836946445, -1.788543071962588),
    ("log10", 268.6902978932742, 2.4292519848273377), ("log10", 5.294160561480883, 0.7237971084628249),
    ("sin", 5.052725814842233, -0.9426422821054209), ("sin", -210.61622886046484, 0.12915923898187204),
    ("cos", 0.6696276160845414, 0.7840528567226138), ("cos", -7.853981633974483, 3.0616169978683787e-16),
    ("tan", -89.90845159080918, 2.555004085478631), ("tan", -6.9792431916352875, -0.8355717990975564),
    ("asin", 0.32321518822509887, 0.3291250748398961), ("asin", -0.9018071626147988, -1.1239333410539283),
    ("acos", 0.2815256248561697, 1.2854126558807244), ("acos", -0.4786474540852199, 2.0699099187146786),
    ("atan", -0.7009153710949498, -0.61134004325019), ("atan", 511.75319076788765, 1.5688422623254403),
    ("sinh", -0.0008005031020700646, -0.0008005031875644946), ("sinh", -2.825563108053057, -8.405583462335215),
    ("cosh", 2.434189454038645, 5.7471190972204145), ("cosh", 9.334189044260185, 5659.2229370952555),
    ("tanh", -2.91403474870068e-07, -2.9140347487005973e-07), ("tanh", 0.9831028168852718, 0.754405953187353),
    ("asinh", 2.6050822728453653, 1.6855660219150606), ("asinh", -351.5348698988889, -6.555458113044532),
    ("acosh", 3.0, 1.7627471740390859), ("acosh", 9.726528852117056, 2.9653511732491253),
    ("atanh", 0.18400126122059057, 0.18612103565701668),
  ])
  func functionsAgreeToTheLastBit(function: String, argument: Double, expected: Double) throws {
    #expect(try value("\(function)(vector(\(argument)))") == expected)
  }

  @Test(arguments: [
    ("3.434174591236168 ^ 17", 1285228362.0464618), ("781.3747795286715 ^ -0.7703929153822668", 0.005906927238199935),
    ("(-0.31579515508989275) ^ -19", -3245609057.852129),
    ("3.421191815584938e-80 ^ 0.3333333333333333", 3.246328576937339e-27),
    ("0.9487108911703201 atan2 9.039456891221644", 0.10456937904344361),
    ("0.48682309584334593 atan2 -3", 2.9807205867390345), ("11.231268474402782 atan2 -0.5", 1.6152855201762093),
  ])
  func operatorsAgreeToTheLastBit(query: String, expected: Double) throws { #expect(try value(query) == expected) }

  @Test func specialValuesFollowTheStandard() throws {
    let infinity = Double.infinity
    #expect(GoMath.exp(710) == infinity && GoMath.exp(-746) == 0 && GoMath.exp(-infinity) == 0)
    #expect(GoMath.pow(-0.0, -3) == -infinity && GoMath.pow(-8, 1.0 / 3).isNaN && GoMath.pow(.nan, 0) == 1)
    #expect(GoMath.pow(-1, infinity) == 1 && GoMath.pow(-infinity, 3) == -infinity && GoMath.pow(0.5, infinity) == 0)
    #expect(GoMath.sin(infinity).isNaN && GoMath.sin(-0.0).sign == .minus && GoMath.cos(.nan).isNaN)
    #expect(GoMath.atan2(-0.0, -1) == -Double.pi && GoMath.atan2(infinity, -infinity) == 3 * Double.pi / 4)
    #expect(GoMath.asin(1.5).isNaN && GoMath.acosh(0.5).isNaN && GoMath.atanh(1) == infinity && GoMath.log1p(-2).isNaN)
  }

  private func value(_ query: String) throws -> Double? {
    let engine = QueryEngine()
    switch try engine.instant(engine.parse(query), at: 0, source: NoSeries()).value {
    case .scalar(let sample): return sample.value
    case .vector(let elements): return elements.first?.value
    default: return nil
    }
  }

  private struct NoSeries: SeriesSource {
    func select(_ matchers: [LabelMatcher], from start: Int64, through end: Int64) -> [SeriesSamples] { [] }
  }
}
