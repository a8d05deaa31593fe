"""Regions as people and titles name them."""

import pytest

from kb.models import NATIONAL
from kb.regions import provinces, region_of, region_of_sign, resolve_region


def test_all_divisions_of_the_province_level_are_known():
    assert len(provinces()) in (31, 34)
    assert len({province.sign for province in provinces()}) == len(provinces())


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("安徽省养老服务条例", "安徽省"),
        ("安徽养老服务条例", "安徽省"),
        ("安徽省安庆市文明行为促进条例", "安徽省/安庆市"),
        ("安庆市文明行为促进条例", "安徽省/安庆市"),
        ("中共安徽省委关于印发", "安徽省"),
        ("重庆市志愿服务条例", "重庆市"),
        ("上海市养老服务条例", "上海市"),
        ("吉林省社会救助条例", "吉林省"),
        ("吉林社会救助条例", "吉林省"),
        ("海南省慈善条例", "海南省"),
        ("内蒙古自治区老年人权益保障条例", "内蒙古自治区"),
        ("广西壮族自治区民政厅", "广西壮族自治区"),
        ("社会救助暂行办法", NATIONAL),
        ("民政部关于安徽省的批复", NATIONAL),
        ("", NATIONAL),
    ],
)
def test_a_title_begins_with_its_region(text, region):
    assert region_of(text) == region


@pytest.mark.parametrize(
    ("number", "region"),
    [("皖政〔2021〕3号", "安徽省"), ("鄂民政发〔2020〕1号", "湖北省"), ("国发〔2014〕1号", NATIONAL), ("民发〔2021〕57号", NATIONAL)],
)
def test_a_document_number_begins_with_the_sign_of_its_province(number, region):
    assert region_of_sign(number) == region


@pytest.mark.parametrize(
    ("name", "region"),
    [
        ("皖", "安徽省"),
        ("安徽", "安徽省"),
        ("安徽省", "安徽省"),
        ("安庆", "安徽省/安庆市"),
        ("安徽省/安庆市", "安徽省/安庆市"),
        ("安徽·安庆市", "安徽省/安庆市"),
        ("皖/安庆市", "安徽省/安庆市"),
        (" 安徽省/ ", "安徽省"),
        ("全国", NATIONAL),
        ("国家", NATIONAL),
        ("", NATIONAL),
        ("亚特兰蒂斯", None),
        ("亚特兰蒂斯/安庆市", None),
    ],
)
def test_a_person_may_name_a_region_in_any_of_the_usual_ways(name, region):
    assert resolve_region(name) == region


@pytest.mark.parametrize("province", provinces(), ids=lambda province: province.name)
def test_every_name_of_a_province_means_the_province(province):
    assert {resolve_region(name) for name in (province.name, province.short, province.sign)} == {province.name}
